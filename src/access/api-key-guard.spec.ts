import { type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type AppConfig } from '../config';
import { AppError } from '../kernel/errors';
import { type ApiKeyScope } from './api-keys/api-key-scope';
import { type ApiKeys } from './api-keys/api-keys';
import { NeedsScope } from './api-keys/needs-scope';
import { ApiKeyGuard } from './api-key-guard';
import { KeyAttempts } from './key-attempts';
import { OwnQueryName } from './own-query-name';
import { Public, PublicWhen } from './public';

const KEY = 'the-key';
const EXPIRED = 'an-expired-key';

/** Finds the main key, and for each scope a key with its name. */
const KEYS: Pick<ApiKeys, 'find' | 'noteUse'> = {
  find: (candidate) => {
    if (candidate === KEY) return { id: null, name: 'main', scope: 'admin', isExpired: false };
    if (candidate === EXPIRED)
      return { id: 'expired', name: 'old', scope: 'admin', isExpired: true };
    const isScope = ['read', 'operate', 'admin'].includes(candidate);
    if (!isScope) return null;
    return { id: candidate, name: candidate, scope: candidate as ApiKeyScope, isExpired: false };
  },
  noteUse: () => undefined,
};

class Closed {
  @Public()
  open(): void {}
  closed(): void {}
  @PublicWhen(({ metricsAccess }) => metricsAccess === 'open')
  openBySetting(): void {}
  @OwnQueryName('key')
  labelled(): void {}
  @NeedsScope('admin')
  sensitive(): void {}
  @NeedsScope('read')
  asking(): void {}
}

@NeedsScope('admin')
class Sensitive {
  handler(): void {}
}

@Public()
class Open {
  handler(): void {}
}

describe('ApiKeyGuard', () => {
  let now: number;
  let config: Pick<AppConfig, 'metricsAccess' | 'apiMaxRequestsPerIp' | 'trustedProxies'>;
  let guard: ApiKeyGuard;

  beforeEach(() => {
    now = 0;
    config = { metricsAccess: 'open', apiMaxRequestsPerIp: 100, trustedProxies: ['10.9.0.0/16'] };
    guard = new ApiKeyGuard(
      config as AppConfig,
      new Reflector(),
      KEYS as ApiKeys,
      new KeyAttempts(() => now),
    );
  });

  function ask(
    request: { headers?: Record<string, string>; url?: string; ip?: string; method?: string },
    type: new () => object = Closed,
    handler: () => void = Closed.prototype.closed,
  ): AppError | 'let in' {
    const full = {
      headers: {},
      url: '/engines',
      ip: '10.0.0.1',
      method: 'GET',
      raw: {},
      ...request,
    };
    const context = {
      getHandler: () => handler,
      getClass: () => type,
      switchToHttp: () => ({ getRequest: () => full }),
    } as unknown as ExecutionContext;
    try {
      return guard.canActivate(context) ? 'let in' : new AppError('internal_error', 'no');
    } catch (error) {
      return error as AppError;
    }
  }

  it.each([
    ['bearer', { authorization: `Bearer ${KEY}` }, 'let in'],
    ['bearer in another case', { authorization: `bEARER  ${KEY} ` }, 'let in'],
    ['header of its own', { 'x-api-key': KEY }, 'let in'],
    ['that header with spaces', { 'x-api-key': ` ${KEY} ` }, 'let in'],
    ['that header behind basic auth', { authorization: 'Basic YTpi', 'x-api-key': KEY }, 'let in'],
    ['no key', {}, 401],
    ['an empty bearer', { authorization: 'Bearer ' }, 401],
    ['an empty header', { 'x-api-key': '' }, 401],
    ['basic auth', { authorization: `Basic ${KEY}` }, 401],
    ['a bare key', { authorization: KEY }, 401],
    ['a wrong bearer', { authorization: 'Bearer nope' }, 403],
    [
      'a wrong bearer beside the right header',
      { authorization: 'Bearer no', 'x-api-key': KEY },
      403,
    ],
    ['a wrong header', { 'x-api-key': 'nope' }, 403],
    ['two headers', { 'x-api-key': `${KEY}, ${KEY}` }, 403],
    ['an expired key', { 'x-api-key': EXPIRED }, 403],
  ])('%s', (_what, headers, outcome) => {
    const answer = ask({ headers: headers });
    expect(answer === 'let in' ? answer : answer.status).toBe(outcome);
  });

  it.each(['key', 'token', 'api_key', 'apikey', 'access_token', 'KEY', 'a=1&key', '%6bey'])(
    'refuses a key in the address as %s, also beside a right one',
    (name) => {
      const url = `/engines?${name}=${KEY}`;
      const answer = ask({ url, headers: { 'x-api-key': KEY } });
      expect(answer).toMatchObject({ status: 401, detail: expect.stringContaining('address') });
    },
  );

  it('does not treat a parameter of the handler as a key', () => {
    const labelled = (url: string, headers = {}): AppError | 'let in' =>
      ask({ url, headers }, Closed, Closed.prototype.labelled);
    const right = { 'x-api-key': KEY };
    expect(labelled('/by-label?key=a&value=b', right)).toBe('let in');
    expect(labelled(`/by-label?key=${KEY}&value=b`)).toMatchObject({ status: 401 });
    for (const other of ['token=a', 'KEY=a', 'key=a&api_key=b']) {
      expect(labelled(`/by-label?${other}`, right)).toMatchObject({ status: 401 });
    }
  });

  it('follows changes of METRICS_ACCESS and API_MAX_REQUESTS_PER_IP', () => {
    const { openBySetting } = Closed.prototype;
    expect(ask({}, Closed, openBySetting)).toBe('let in');
    Object.assign(config, { metricsAccess: 'key', apiMaxRequestsPerIp: 2 });
    expect(ask({}, Closed, openBySetting)).toMatchObject({ status: 401 });
    expect(ask({})).toMatchObject({ status: 401 });
    expect(ask({})).toMatchObject({ status: 429 });
    Object.assign(config, { apiMaxRequestsPerIp: 3 });
    expect(ask({ ip: '10.0.0.2' })).toMatchObject({ status: 401 });
  });

  describe('scopes', () => {
    const { closed, sensitive, asking } = Closed.prototype;

    it.each<[string, string, () => void, ApiKeyScope]>([
      ['GET', 'GET', closed, 'read'],
      ['HEAD', 'HEAD', closed, 'read'],
      ['POST', 'POST', closed, 'operate'],
      ['DELETE', 'DELETE', closed, 'operate'],
      ['a declared admin', 'GET', sensitive, 'admin'],
      ['a declared read', 'POST', asking, 'read'],
    ])('%s needs its scope, or one that includes it', (_what, method, handler, needed) => {
      const scopes = ['read', 'operate', 'admin'];
      for (const scope of scopes) {
        const answer = ask({ method, headers: { 'x-api-key': scope } }, Closed, handler);
        if (scopes.indexOf(scope) >= scopes.indexOf(needed)) expect(answer).toBe('let in');
        else {
          const detail = `This operation needs an API key of scope ${needed}; this key has the scope ${scope}.`;
          expect(answer).toMatchObject({ status: 403, detail });
        }
      }
    });

    it('a declaration of the controller holds for its handlers', () => {
      const handler = Sensitive.prototype.handler;
      expect(ask({ headers: { 'x-api-key': 'operate' } }, Sensitive, handler)).toMatchObject({
        status: 403,
      });
      expect(ask({ headers: { 'x-api-key': 'admin' } }, Sensitive, handler)).toBe('let in');
    });

    it('refusals do not count as wrong keys', () => {
      for (let i = 0; i < 20; i += 1) {
        ask({ method: 'POST', headers: { 'x-api-key': 'read' } });
        ask({ headers: { 'x-api-key': EXPIRED } });
      }
      expect(ask({ headers: { 'x-api-key': 'nope' } })).toMatchObject({ status: 403 });
    });
  });

  it('admits everybody to public handlers and controllers', () => {
    expect(ask({}, Closed, Closed.prototype.open)).toBe('let in');
    expect(ask({ url: '/a?key=1' }, Open, Open.prototype.handler)).toBe('let in');
  });

  it('follows changes of METRICS_ACCESS: open for everybody, or for the scope of the method', () => {
    const open = (headers = {}): AppError | 'let in' =>
      ask({ headers }, Closed, Closed.prototype.openBySetting);
    expect(open()).toBe('let in');
    config = Object.assign(config, { metricsAccess: 'key' });
    expect(open()).toMatchObject({ status: 401 });
    expect(open({ 'x-api-key': 'read' })).toBe('let in');
  });

  it('follows changes of API_MAX_REQUESTS_PER_IP, per address and key, strangers apart from right keys', () => {
    const answers = (request: Parameters<typeof ask>[0]): (string | number)[] =>
      [1, 2, 3].map(() => {
        const answer = ask(request);
        return answer === 'let in' ? answer : answer.status;
      });
    config = Object.assign(config, { apiMaxRequestsPerIp: 2 });
    expect(answers({})).toEqual([401, 401, 429]);
    expect(ask({ headers: { 'x-api-key': 'wrong' } })).toMatchObject({ code: 'rate_limited' });
    expect(answers({ headers: { 'x-api-key': 'read' } })).toEqual(['let in', 'let in', 429]);
    expect(answers({ headers: { 'x-api-key': KEY } })).toEqual(['let in', 'let in', 429]);
    expect(answers({ ip: '10.0.0.2' })).toEqual([401, 401, 429]);
    for (const ip of ['127.0.0.1', '::1', '::ffff:127.0.0.1', '10.9.1.1', '::ffff:10.9.1.1']) {
      expect(answers({ ip })).toEqual([401, 401, 401]);
    }
  });

  describe('guessing', () => {
    const guess = (ip: string, key = 'nope'): AppError | 'let in' =>
      ask({ ip, headers: { 'x-api-key': key } });

    beforeEach(() => {
      for (let i = 0; i < 10; i += 1) expect(guess('10.0.0.1')).toMatchObject({ status: 403 });
    });

    it('is refused after ten wrong keys for the rest of the minute', () => {
      now = 20_000;
      expect(guess('10.0.0.1')).toMatchObject({ status: 429, retryAfterS: 40 });
      expect(guess('::ffff:10.0.0.1')).toMatchObject({ code: 'rate_limited' });
      now = 60_000;
      expect(guess('10.0.0.1')).toMatchObject({ status: 403 });
    });

    it('never refuses the right key, which may come from the same address', () => {
      expect(guess('10.0.0.1', KEY)).toBe('let in');
      expect(guess('10.0.0.1')).toMatchObject({ status: 429 });
      expect(guess('10.0.0.1', KEY)).toBe('let in');
    });

    it('does not refuse other addresses, nor callers without a key', () => {
      expect(guess('10.0.0.2', KEY)).toBe('let in');
      expect(ask({ ip: '10.0.0.1' })).toMatchObject({ status: 401 });
    });
  });
});
