export { type AppConfig, CONFIG, type ConfigField, SECTIONS, SETTINGS } from './app-config';
export {
  ConfigError,
  type DecidedSetting,
  loadConfig,
  type LoadedConfig,
  loadProcessConfig,
  resolveConfig,
} from './config-loader';
export { ConfigModule } from './config.module';
export { renderConfigurationMarkdown } from './configuration-page';
export { findContradictions } from './contradictions';
export { describeRefused } from './given-value';
export {
  type AllowedTarget,
  type EngineAddress,
  isNetwork,
  type PortRange,
  type VpnContainer,
} from './list-types';
export { LiveConfig, viewOf } from './live-config';
export { descriptorLimit, type Machine, THIS_MACHINE } from './machine';
export { findIntendedName } from './misspelling';
export { insertNameTables } from './name-tables';
export { productVersion } from './product-version';
export { type Setting, type SettingChange } from './setting';
export { type DailyTime, isHostName } from './value-types';
