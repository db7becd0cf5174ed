import type { FastifyRequest } from '../http';
import { type AppError } from '../kernel/errors';
import { KeyAttempts } from './key-attempts';
import type { BrowserSessions } from './sessions/browser-sessions';
import { StreamAccess, type StreamAccessConfig } from './stream-access';
import { listBase, streamCaller } from './stream-caller';
import type { StreamUser } from './stream-user';

const SECRET = 'secret-of-anna';
const SESSIONS: Pick<BrowserSessions, 'find'> = {
  find: (secret) =>
    secret === 'signed-in'
      ? { id: null, sessionId: 's1', name: 'main', scope: 'admin', isExpired: false }
      : null,
};
const ANNA = { id: 'u1', name: 'anna' } as StreamUser;

describe('StreamAccess', () => {
  let now: number;
  let refusal: string | null;

  beforeEach(() => {
    now = 0;
    refusal = null;
  });

  function access(config: Partial<StreamAccessConfig> = {}): StreamAccess {
    const users = {
      withSecret: (secret: string) => (secret === SECRET ? ANNA : null),
      withCredentials: (name: string, secret: string) =>
        name === 'anna' && secret === SECRET ? ANNA : null,
      refusalOf: () => refusal,
      seen: () => undefined,
    };
    return new StreamAccess(
      { streamAccess: 'token', streamAllowCidrs: [], ...config },
      users as never,
      new KeyAttempts(() => now),
      SESSIONS,
    );
  }

  function request(originalUrl: string, ip = '192.0.2.1'): FastifyRequest {
    const headers = { host: 'tv:8000' };
    const facts = {
      method: 'GET',
      originalUrl,
      ip,
      raw: {},
      headers,
      protocol: 'http',
      host: 'tv:8000',
      socket: {},
    };
    return facts as unknown as FastifyRequest;
  }

  /** A request of a browser that plays a stream. */
  function played(method: string, cookie: string): FastifyRequest {
    const asked = request('/ace/getstream?id=a');
    return Object.assign(asked, { method, headers: { ...asked.headers, cookie } });
  }

  function answer(to: StreamAccess, asked: FastifyRequest): AppError | 'admitted' {
    try {
      to.admit(asked);
      return 'admitted';
    } catch (error) {
      return error as AppError;
    }
  }

  it.each(['open', 'token'] as const)('%s: admits a token, and refuses a wrong one', (mode) => {
    const door = access({ streamAccess: mode });
    const asked = request(`/t/${SECRET}/playlist.m3u`);
    expect(answer(door, asked)).toBe('admitted');
    expect(streamCaller(asked)).toEqual({ user: ANNA, secret: SECRET });
    expect(listBase(asked, null)).toBe(`http://tv:8000/t/${SECRET}`);
    expect(listBase(asked, 'https://tv.example/sub')).toBe(`https://tv.example/sub/t/${SECRET}`);
    for (const wrong of ['/t/wrong/x', '/t//x', `/t/${SECRET}x/x`, '/t/']) {
      expect(answer(door, request(wrong))).toMatchObject({ code: 'forbidden' });
    }
    refusal = 'This user is disabled.';
    expect(answer(door, asked)).toMatchObject({ status: 403, detail: refusal });
  });

  it('without a token, admits everybody or those of STREAM_ALLOW_CIDRS', () => {
    const plain = request('/playlist.m3u');
    expect(answer(access({ streamAccess: 'open' }), plain)).toBe('admitted');
    expect(answer(access(), plain)).toMatchObject({ code: 'unauthorized' });
    const near = access({ streamAllowCidrs: ['10.0.0.0/8'] });
    expect(answer(near, request('/x', '10.1.2.3'))).toBe('admitted');
    expect(answer(near, request('/x', '::ffff:10.1.2.3'))).toBe('admitted');
    expect(answer(near, plain)).toMatchObject({ code: 'unauthorized' });
    expect(streamCaller(plain)).toEqual({ user: null, secret: null });
  });

  it('admits the session of a browser, to read only', () => {
    const cookie = 'acefleet_session=signed-in';
    expect(answer(access(), played('GET', cookie))).toBe('admitted');
    expect(answer(access(), played('POST', cookie))).toMatchObject({ code: 'unauthorized' });
    const ended = played('GET', 'acefleet_session=ended');
    expect(answer(access(), ended)).toMatchObject({ code: 'unauthorized' });
  });

  it('follows changes of STREAM_ACCESS and STREAM_ALLOW_CIDRS', () => {
    const config: { -readonly [K in keyof StreamAccessConfig]: StreamAccessConfig[K] } = {
      streamAccess: 'open',
      streamAllowCidrs: [],
    };
    const users = { withSecret: () => null } as never;
    const door = new StreamAccess(config, users, new KeyAttempts(), SESSIONS);
    const plain = request('/playlist.m3u');
    expect(answer(door, plain)).toBe('admitted');
    config.streamAccess = 'token';
    expect(answer(door, plain)).toMatchObject({ code: 'unauthorized' });
    config.streamAllowCidrs = ['192.0.2.0/24'];
    expect(answer(door, plain)).toBe('admitted');
    config.streamAllowCidrs = [];
    expect(answer(door, plain)).toMatchObject({ code: 'unauthorized' });
  });

  it('admits the credentials in an address of Xtream Codes, whose name must fit', () => {
    const asked = request(`/live/anna/${SECRET}/5.ts`);
    expect(answer(access(), asked)).toBe('admitted');
    expect(streamCaller(asked).user).toBe(ANNA);
    const wrong = request(`/live/ben/${SECRET}/5.ts`);
    expect(answer(access({ streamAccess: 'open' }), wrong)).toMatchObject({ code: 'forbidden' });
  });

  it('limits wrong secrets per address, but always admits a right one', () => {
    const door = access();
    for (let i = 0; i < 10; i += 1) {
      expect(answer(door, request(`/t/guess-${i}/x`))).toMatchObject({ code: 'forbidden' });
    }
    expect(answer(door, request('/t/guess/x'))).toMatchObject({ status: 429, retryAfterS: 60 });
    expect(answer(door, request(`/t/${SECRET}/x`))).toBe('admitted');
    expect(answer(door, request('/t/guess/x', '192.0.2.2'))).toMatchObject({ status: 403 });
    now = 60_000;
    expect(answer(door, request('/t/guess/x'))).toMatchObject({ status: 403 });
  });
});
