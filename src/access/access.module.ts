import { Global, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { type AppConfig, CONFIG } from '../config';
import { DataFolder } from '../storage';
import { obtainApiKey } from './api-keys/api-key-file';
import { ApiKeys } from './api-keys/api-keys';
import { ApiKeysController } from './api-keys/api-keys.controller';
import { ApiKeyGuard } from './api-key-guard';
import { KeyAttempts } from './key-attempts';
import { StreamAccess, type StreamAccessConfig } from './stream-access';
import { StreamGuard } from './stream-guard';
import { StreamUsers } from './stream-users';
import { UserActivity } from './user-activity';
import { UsersController } from './http/users.controller';

/** Access control: API keys for the admin API, and STREAM_ACCESS for the addresses of players. */
@Global()
@Module({
  controllers: [ApiKeysController, UsersController],
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
    {
      provide: StreamUsers,
      inject: [DataFolder],
      useFactory: (folder: DataFolder) => StreamUsers.open(folder),
    },
    UserActivity,
    {
      provide: StreamAccess,
      inject: [CONFIG, StreamUsers],
      // Wrong tokens, such as those of a player that was not told of a new one, do not count as wrong keys.
      useFactory: (config: StreamAccessConfig, users: StreamUsers) =>
        new StreamAccess(config, users, new KeyAttempts()),
    },
    // First, because an admin route below a token does not exist, rather than needing a key.
    { provide: APP_GUARD, useClass: StreamGuard },
    { provide: APP_GUARD, useClass: ApiKeyGuard },
  ],
  exports: [ApiKeys, StreamAccess, StreamUsers, UserActivity],
})
export class AccessModule {}
