import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { type AppConfig, CONFIG } from '../config';
import { DataFolder } from '../storage';
import { ApiKey } from './api-key';
import { obtainApiKey } from './api-key-file';
import { ApiKeyGuard } from './api-key-guard';
import { KeyAttempts } from './key-attempts';
import { StreamAccess } from './stream-access';
import { StreamGuard } from './stream-guard';

/** Access control: the API key for the admin API, and STREAM_ACCESS for the addresses of players. */
@Module({
  providers: [
    {
      provide: ApiKey,
      inject: [CONFIG, DataFolder],
      useFactory: async (
        { apiKey }: Pick<AppConfig, 'apiKey'>,
        folder: DataFolder,
      ): Promise<ApiKey> => new ApiKey(apiKey ?? (await obtainApiKey(folder))),
    },
    { provide: KeyAttempts, useFactory: () => new KeyAttempts() },
    StreamAccess,
    // First, because an admin route below a token does not exist, rather than needing a key.
    { provide: APP_GUARD, useClass: StreamGuard },
    { provide: APP_GUARD, useClass: ApiKeyGuard },
  ],
  exports: [ApiKey, StreamAccess],
})
export class AccessModule {}
