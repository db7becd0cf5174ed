export { type AppConfig, CONFIG } from './app-config';
export { ConfigError, loadConfig, type LoadedConfig, loadProcessConfig } from './config-loader';
export { ConfigModule } from './config.module';
export { renderConfigurationMarkdown } from './configuration-page';
export { type EngineAddress, isNetwork, type PortRange, type VpnContainer } from './list-types';
export { descriptorLimit } from './machine';
export { insertNameTables } from './name-tables';
export { productVersion } from './product-version';
