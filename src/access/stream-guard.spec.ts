import type { ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AppError } from '../kernel/errors';
import type { AppConfig } from '../config';
import { ApiKeyGuard } from './api-key-guard';
import type { ApiKeys } from './api-keys/api-keys';
import { KeyAttempts } from './key-attempts';
import { Public } from './public';
import type { BrowserSessions } from './sessions/browser-sessions';
import { StreamAccess } from './stream-access';
import { StreamGuard } from './stream-guard';
import { StreamRoute, TokenOrKeyRoute } from './stream-route';
import type { StreamUser } from './stream-user';

const KEY = 'the-key';
const TOKEN = 'the-token';

class Routes {
  @StreamRoute()
  stream(): void {}

  @TokenOrKeyRoute()
  closedList(): void {}

  @Public()
  health(): void {}

  admin(): void {}
}

@StreamRoute()
class Streams {
  stream(): void {}
}

describe('the guards of a route', () => {
  /** The answer of both guards, in their order. */
  function ask(
    handler: () => void,
    { token, key, method = 'GET' }: { token?: string; key?: string; method?: string } = {},
    type: new () => object = Routes,
  ): number {
    const users = {
      withSecret: (secret: string) => (secret === TOKEN ? ({ id: 'u' } as StreamUser) : null),
      refusalOf: () => null,
      seen: () => undefined,
    };
    const sessions = { find: () => null } as unknown as BrowserSessions;
    const config = { streamAccess: 'token' as const, streamAllowCidrs: [] };
    const access = new StreamAccess(config, users as never, new KeyAttempts(), sessions);
    const reflector = new Reflector();
    const request = {
      method,
      raw: {},
      ip: '192.0.2.1',
      url: '/x',
      originalUrl: token === undefined ? '/x' : `/t/${token}/x`,
      headers: key === undefined ? {} : { 'x-api-key': key },
    };
    const context = {
      getHandler: () => handler,
      getClass: () => type,
      switchToHttp: () => ({ getRequest: () => request }),
    } as unknown as ExecutionContext;
    try {
      new StreamGuard(reflector, access).canActivate(context);
      const limits = { apiMaxRequestsPerIp: 100, trustedProxies: [] } as unknown as AppConfig;
      const keys = {
        find: (key: string) =>
          key === KEY
            ? ({
                id: null,
                sessionId: null,
                name: 'main',
                scope: 'admin',
                isExpired: false,
              } as const)
            : null,
      } as ApiKeys;
      new ApiKeyGuard(limits, reflector, keys, new KeyAttempts(), sessions).canActivate(context);
      return 200;
    } catch (error) {
      return (error as AppError).status;
    }
  }

  const { stream, closedList, health, admin } = Routes.prototype;

  it.each([
    ['for players: a token', stream, { token: TOKEN }, 200],
    ['for players: a wrong token', stream, { token: 'wrong' }, 403],
    ['for players: nothing', stream, {}, 401],
    ['for players: a key', stream, { key: KEY }, 401],
    ['for players: a CORS preflight request', stream, { method: 'OPTIONS' }, 200],
    ['always closed: a token', closedList, { token: TOKEN }, 200],
    ['always closed: a wrong token', closedList, { token: 'wrong' }, 403],
    ['always closed: a wrong token and a key', closedList, { token: 'wrong', key: KEY }, 403],
    ['always closed: a key', closedList, { key: KEY }, 200],
    ['always closed: nothing', closedList, {}, 401],
    ['for supervisors: nothing', health, {}, 200],
    ['for supervisors: a token', health, { token: TOKEN }, 404],
    ['admin: a key', admin, { key: KEY }, 200],
    ['admin: nothing', admin, {}, 401],
    ['admin: a token', admin, { token: TOKEN }, 404],
    ['admin: a token and a key', admin, { token: TOKEN, key: KEY }, 404],
  ])('%s', (_what, handler, presented, status) => {
    expect(ask(handler, presented)).toBe(status);
  });

  it('are the same for a controller that declares it for all its handlers', () => {
    expect(ask(Streams.prototype.stream, { token: TOKEN }, Streams)).toBe(200);
    expect(ask(Streams.prototype.stream, {}, Streams)).toBe(401);
  });
});
