import { Module } from '@nestjs/common';
import { CONFIG, type AppConfig, viewOf } from '../config';
import { DataFolder } from '../storage';
import { AceEngineClient } from './ace-engine-client';
import { OpenSessionJournal } from './open-session-journal';

/** The engine protocol. Exports the client for all calls to engines. */
@Module({
  providers: [
    {
      provide: AceEngineClient,
      inject: [CONFIG, DataFolder],
      useFactory: async (config: AppConfig, folder: DataFolder) =>
        new AceEngineClient(
          viewOf(config, { connectTimeoutMs: 'proxyConnectionTimeoutMs' }),
          await OpenSessionJournal.from(folder),
        ),
    },
  ],
  exports: [AceEngineClient],
})
export class AceModule {}
