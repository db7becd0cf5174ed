import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { type AppConfig, CONFIG } from '../config';
import { ApiKey } from './api-key';
import { obtainApiKey } from './api-key.file';
import { ApiKeyGuard } from './api-key.guard';
import { KeyAttempts } from './key-attempts';

/** Who may do what: one key for everything that is not public. */
@Module({
  providers: [
    {
      provide: ApiKey,
      inject: [CONFIG],
      useFactory: async (config: Pick<AppConfig, 'apiKey' | 'dataDir'>): Promise<ApiKey> =>
        new ApiKey(config.apiKey ?? (await obtainApiKey(config.dataDir))),
    },
    { provide: KeyAttempts, useFactory: () => new KeyAttempts() },
    { provide: APP_GUARD, useClass: ApiKeyGuard },
  ],
})
export class AccessModule {}
