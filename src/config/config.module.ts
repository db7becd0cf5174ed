import { type DynamicModule, Module } from '@nestjs/common';
import { CONFIG } from './app-config';
import { LiveConfig } from './live-config';

/** Provides the configuration in force to every module, under the token `CONFIG`, and its changes. */
@Module({})
export class ConfigModule {
  static forRoot(live: LiveConfig): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: [
        { provide: LiveConfig, useValue: live },
        { provide: CONFIG, useValue: live.values },
      ],
      exports: [LiveConfig, CONFIG],
    };
  }
}
