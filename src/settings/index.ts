export { Settings } from './settings';
export { SettingsModule } from './settings.module';
