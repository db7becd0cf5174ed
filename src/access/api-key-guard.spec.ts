import { type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { AppError } from '../kernel/errors';
import { ApiKey } from './api-key';
import { ApiKeyGuard } from './api-key-guard';
import { KeyAttempts } from './key-attempts';
import { OwnQueryName } from './own-query-name';
import { Public } from './public';

const KEY = 'the-key';

class Closed {
  @Public()
  open(): void {}
  closed(): void {}
  @OwnQueryName('key')
  labelled(): void {}
}

@Public()
class Open {
  handler(): void {}
}

describe('ApiKeyGuard', () => {
  let now: number;
  let guard: ApiKeyGuard;

  beforeEach(() => {
    now = 0;
    guard = new ApiKeyGuard(new Reflector(), new ApiKey(KEY), new KeyAttempts(() => now));
  });

  function ask(
    request: { headers?: Record<string, string>; url?: string; ip?: string },
    type: new () => object = Closed,
    handler: () => void = Closed.prototype.closed,
  ): AppError | 'let in' {
    const full = { headers: {}, url: '/engines', ip: '10.0.0.1', raw: {}, ...request };
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
    ['a key of 257 bytes', { 'x-api-key': 'k'.repeat(257) }, 403],
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

  it('admits everybody to public handlers and controllers', () => {
    expect(ask({}, Closed, Closed.prototype.open)).toBe('let in');
    expect(ask({ url: '/a?key=1' }, Open, Open.prototype.handler)).toBe('let in');
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
