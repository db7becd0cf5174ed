import { Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { type AppConfig, CONFIG } from '../config';
import { DataFolder } from '../storage';
import { ApiKey } from './api-key';
import { obtainApiKey } from './api-key-file';
import { ApiKeyGuard } from './api-key-guard';
import { KeyAttempts } from './key-attempts';

/** Access control: one API key for all routes that are not public. */
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
    { provide: APP_GUARD, useClass: ApiKeyGuard },
  ],
  exports: [ApiKey],
})
export class AccessModule {}
