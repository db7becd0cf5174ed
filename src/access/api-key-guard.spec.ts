import { type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { type AppConfig } from '../config';
import { AppError } from '../kernel/errors';
import { type ApiKeyScope } from './api-keys/api-key-scope';
import { type ApiKeys, type PresentedApiKey } from './api-keys/api-keys';
import { NeedsScope } from './api-keys/needs-scope';
import { ApiKeyGuard } from './api-key-guard';
import { KeyAttempts } from './key-attempts';
import { OwnQueryName } from './own-query-name';
import type { BrowserSessions } from './sessions/browser-sessions';
import { Public, PublicWhen } from './public';

const KEY = 'the-key';
const EXPIRED = 'an-expired-key';

function keyOf(
  id: string | null,
  scope: ApiKeyScope,
  sessionId: string | null = null,
): PresentedApiKey {
  return { id, sessionId, name: id ?? 'main', scope, isExpired: false };
}

/** Finds a session for each scope, with its name as the secret. */
const SESSIONS: Pick<BrowserSessions, 'find'> = {
  find: (secret) => (secret === '' ? null : keyOf(null, secret as ApiKeyScope, `s-${secret}`)),
};

/** Finds the main key, and for each scope a key with its name. */
const KEYS: Pick<ApiKeys, 'find' | 'noteUse'> = {
  find: (candidate) => {
    if (candidate === KEY) return keyOf(null, 'admin');
    if (candidate === EXPIRED) return { ...keyOf('expired', 'admin'), isExpired: true };
    const isScope = ['read', 'operate', 'admin'].includes(candidate);
    return isScope ? keyOf(candidate, candidate as ApiKeyScope) : null;
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
  let config: Pick<
    AppConfig,
    'metricsAccess' | 'apiMaxRequestsPerIp' | 'trustedProxies' | 'publicUrl'
  >;
  let guard: ApiKeyGuard;

  beforeEach(() => {
    now = 0;
    config = {
      metricsAccess: 'open',
      apiMaxRequestsPerIp: 100,
      trustedProxies: ['10.9.0.0/16'],
      publicUrl: 'https://tv.example/sub',
    };
    guard = new ApiKeyGuard(
      config as AppConfig,
      new Reflector(),
      KEYS as ApiKeys,
      new KeyAttempts(() => now),
      SESSIONS as BrowserSessions,
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
      host: 'tv:8000',
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

  describe('sessions of browsers', () => {
    const { closed, sensitive } = Closed.prototype;
    const send = (
      method: string,
      scope: string,
      headers: Record<string, string> = {},
      handler = closed,
    ): AppError | 'let in' =>
      ask(
        { method, headers: { cookie: `a=b; acefleet_session=${scope}`, ...headers } },
        Closed,
        handler,
      );

    it('may do what their key may do', () => {
      expect(send('GET', 'read')).toBe('let in');
      const origin = { origin: 'http://tv:8000' };
      expect(send('POST', 'read', origin)).toMatchObject({ status: 403 });
      expect(send('POST', 'operate', origin)).toBe('let in');
      expect(send('GET', 'operate', {}, sensitive)).toMatchObject({ status: 403 });
    });

    it.each<[string, Record<string, string>, boolean]>([
      ['no origin', {}, false],
      ['the origin of the address', { origin: 'http://tv:8000' }, true],
      ['that origin behind TLS that a proxy ended', { origin: 'https://tv:8000' }, true],
      ['the origin of PUBLIC_URL', { origin: 'https://tv.example' }, true],
      ['another port', { origin: 'http://tv:3000' }, false],
      ['another host', { origin: 'http://evil.example' }, false],
      ['an opaque origin', { origin: 'null' }, false],
      ['what the browser says of the page', { 'sec-fetch-site': 'same-origin' }, true],
      ['a page of the same site', { 'sec-fetch-site': 'same-site' }, false],
    ])('change something only from an own page: %s', (_what, headers, isOwn) => {
      for (const method of ['POST', 'DELETE', 'PUT', 'PATCH']) {
        const answer = send(method, 'operate', headers);
        if (isOwn) expect(answer).toBe('let in');
        else
          expect(answer).toMatchObject({ status: 403, detail: expect.stringContaining('Origin') });
      }
      expect(send('GET', 'read', headers)).toBe('let in');
    });

    it('give way to a key in a header', () => {
      expect(send('POST', 'admin', { 'x-api-key': 'operate' })).toBe('let in');
      expect(send('GET', 'admin', { 'x-api-key': 'nope' })).toMatchObject({ status: 403 });
      expect(send('GET', 'admin', { 'x-api-key': 'read' }, sensitive)).toMatchObject({
        status: 403,
      });
    });

    it('are refused once they have ended', () => {
      const ended = { cookie: 'acefleet_session=%' };
      expect(ask({ headers: ended })).toMatchObject({ status: 401 });
    });
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
