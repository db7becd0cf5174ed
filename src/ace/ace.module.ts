import { join } from 'node:path';
import { Module } from '@nestjs/common';
import { CONFIG, type AppConfig } from '../config';
import { AceEngineClient } from './ace-engine.client';
import { OpenSessionJournal } from './open-session.journal';

/** The engine protocol. Exports the one client that every conversation with an engine goes through. */
@Module({
  providers: [
    {
      provide: AceEngineClient,
      inject: [CONFIG],
      useFactory: (config: AppConfig) =>
        new AceEngineClient(
          { connectTimeoutMs: config.proxyConnectionTimeoutMs },
          new OpenSessionJournal(join(config.dataDir, 'open-sessions.json')),
        ),
    },
  ],
  exports: [AceEngineClient],
})
export class AceModule {}
