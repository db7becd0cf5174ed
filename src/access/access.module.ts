import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { type AppConfig, CONFIG } from '../config';
import { DataFolder } from '../storage';
import { obtainApiKey } from './api-keys/api-key-file';
import { ApiKeys } from './api-keys/api-keys';
import { ApiKeysController } from './api-keys/api-keys.controller';
import { ApiKeyGuard } from './api-key-guard';
import { KeyAttempts } from './key-attempts';
import { StreamAccess } from './stream-access';
import { StreamGuard } from './stream-guard';

/** Access control: API keys for the admin API, and STREAM_ACCESS for the addresses of players. */
@Module({
  controllers: [ApiKeysController],
  providers: [
    {
      provide: ApiKeys,
      inject: [CONFIG, DataFolder],
      useFactory: async (
        { apiKey }: Pick<AppConfig, 'apiKey'>,
        folder: DataFolder,
      ): Promise<ApiKeys> => ApiKeys.open(apiKey ?? (await obtainApiKey(folder)), folder),
    },
    { provide: KeyAttempts, useFactory: () => new KeyAttempts() },
    StreamAccess,
    // First, because an admin route below a token does not exist, rather than needing a key.
    { provide: APP_GUARD, useClass: StreamGuard },
    { provide: APP_GUARD, useClass: ApiKeyGuard },
  ],
  exports: [ApiKeys, StreamAccess],
})
export class AccessModule {}
