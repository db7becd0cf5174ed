import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { type AppConfig, CONFIG } from '../config';
import { DataFolder } from '../storage';
import { obtainApiKey } from './api-keys/api-key-file';
import { ApiKeys } from './api-keys/api-keys';
import { ApiKeysController } from './api-keys/api-keys.controller';
import { ApiKeyGuard } from './api-key-guard';
import { KeyAttempts } from './key-attempts';

/** Access control: API keys for all routes that are not public. */
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
    { provide: APP_GUARD, useClass: ApiKeyGuard },
  ],
  exports: [ApiKeys],
})
export class AccessModule {}
