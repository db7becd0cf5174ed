import { type DynamicModule, Module } from '@nestjs/common';
import { Settings } from './settings';
import { SettingsController } from './settings.controller';

/** The API of the settings. */
@Module({ controllers: [SettingsController] })
export class SettingsModule {
  static forRoot(settings: Settings): DynamicModule {
    return { module: SettingsModule, providers: [{ provide: Settings, useValue: settings }] };
  }
}
