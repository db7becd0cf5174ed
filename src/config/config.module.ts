import { type DynamicModule, Module } from '@nestjs/common';
import { type AppConfig, CONFIG } from './app-config';

/** Provides the loaded configuration to every module, under the token `CONFIG`. */
@Module({})
export class ConfigModule {
  static forRoot(config: AppConfig): DynamicModule {
    return {
      module: ConfigModule,
      global: true,
      providers: [{ provide: CONFIG, useValue: config }],
      exports: [CONFIG],
    };
  }
}
