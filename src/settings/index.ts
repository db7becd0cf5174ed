export { isSecretSetting } from './setting-names';
export { Settings } from './settings';
export { SettingsModule } from './settings.module';
