import { Module } from '@nestjs/common';
import { CONFIG, type AppConfig } from '../config';
import { AceEngineClient } from './ace-engine.client';

/** The engine protocol. Exports the one client that every conversation with an engine goes through. */
@Module({
  providers: [
    {
      provide: AceEngineClient,
      inject: [CONFIG],
      useFactory: (config: AppConfig) =>
        new AceEngineClient({ connectTimeoutMs: config.proxyConnectionTimeoutMs }),
    },
  ],
  exports: [AceEngineClient],
})
export class AceModule {}
