import { type DynamicModule, Module } from '@nestjs/common';
import { type AppConfig, CONFIG } from './app-config';

/** Gives the loaded configuration to every room, under the token `CONFIG`. */
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
