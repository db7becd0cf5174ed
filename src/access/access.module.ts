import { Global, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { type AppConfig, CONFIG } from '../config';
import { DataFolder } from '../storage';
import { obtainApiKey } from './api-keys/api-key-file';
import { ApiKeys } from './api-keys/api-keys';
import { ApiKeysController } from './api-keys/api-keys.controller';
import { ApiKeyGuard } from './api-key-guard';
import { KeyAttempts } from './key-attempts';
import { BrowserSessions } from './sessions/browser-sessions';
import { BrowserSessionsController } from './sessions/browser-sessions.controller';
import { LoginPageController } from './sessions/login-page.controller';
import { SignInLinks } from './sessions/sign-in-links';
import { StreamAccess, type StreamAccessConfig } from './stream-access';
import { StreamGuard } from './stream-guard';
import { StreamUsers } from './stream-users';
import { UserActivity } from './user-activity';
import { UsersController } from './http/users.controller';

/** Access control: API keys for the admin API, and STREAM_ACCESS for the addresses of players. */
@Global()
@Module({
  controllers: [ApiKeysController, BrowserSessionsController, LoginPageController, UsersController],
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
      provide: BrowserSessions,
      inject: [DataFolder, ApiKeys],
      useFactory: (folder: DataFolder, keys: ApiKeys) => BrowserSessions.open(folder, keys),
    },
    SignInLinks,
    {
      provide: StreamUsers,
      inject: [DataFolder],
      useFactory: (folder: DataFolder) => StreamUsers.open(folder),
    },
    UserActivity,
    {
      provide: StreamAccess,
      inject: [CONFIG, StreamUsers, BrowserSessions],
      // Wrong tokens are counted apart from wrong keys: a player that still has an old token must not use up the attempts
      // of an administrator at the same address.
      useFactory: (config: StreamAccessConfig, users: StreamUsers, sessions: BrowserSessions) =>
        new StreamAccess(config, users, new KeyAttempts(), sessions),
    },
    // StreamGuard is first: below a token, an admin route gets 404 instead of 401.
    { provide: APP_GUARD, useClass: StreamGuard },
    { provide: APP_GUARD, useClass: ApiKeyGuard },
  ],
  exports: [ApiKeys, BrowserSessions, SignInLinks, StreamAccess, StreamUsers, UserActivity],
})
export class AccessModule {}
