import { type AttemptResult, nextAttempt, retryAfterOf } from './next-attempt';

const S = 1000;
const H = 3_600_000;

const failed = (
  status: number | null = 500,
  retryAfterMs: number | null = null,
): AttemptResult => ({
  ...{ status, fault: { code: 'status', detail: 'd' }, retryAfterMs, durationMs: 1 },
});

describe('what follows an attempt', () => {
  it('is nothing after a delivery', () => {
    const result: AttemptResult = { ...failed(204), fault: null };
    expect(nextAttempt(result, 1, 8, 0)).toEqual({
      kind: 'none',
      isDelivered: true,
      isGone: false,
    });
  });

  it('is nothing if the receiver is gone', () => {
    expect(nextAttempt(failed(410), 1, 8, 0)).toEqual({
      ...{ kind: 'none', isDelivered: false, isGone: true },
    });
  });

  it('is a further attempt, eight within about a day', () => {
    const delays = Array.from({ length: 7 }, (_, index) => {
      const next = nextAttempt(failed(), index + 1, 8, 0);
      return next.kind === 'retry' ? next.delayMs : NaN;
    });
    expect(delays[0]).toBe(5 * S);
    expect(delays).toEqual([...delays].sort((a, b) => a - b));
    const sumMs = delays.reduce((sum, ms) => sum + ms, 0);
    expect(sumMs).toBeGreaterThan(20 * H);
    expect(sumMs).toBeLessThan(28 * H);
    expect(nextAttempt(failed(), 8, 8, 0)).toEqual({
      ...{ kind: 'none', isDelivered: false, isGone: false },
    });
  });

  it('is spread by chance', () => {
    expect(nextAttempt(failed(), 1, 8, 0.999)).toMatchObject({ delayMs: 2502, pauseMs: 0 });
  });

  it('waits as long as the receiver asks, up to a day', () => {
    expect(nextAttempt(failed(429, 60 * S), 1, 8, 0)).toMatchObject({
      ...{ delayMs: 60 * S, pauseMs: 60 * S },
    });
    expect(nextAttempt(failed(503, S), 1, 8, 0)).toMatchObject({ delayMs: 5 * S, pauseMs: S });
    expect(nextAttempt(failed(503, 99 * H), 1, 8, 0)).toMatchObject({ delayMs: 24 * H });
  });
});

describe('Retry-After', () => {
  it.each([
    [undefined, null],
    ['120', 120 * S],
    ['0.65', 650],
    ['Thu, 01 Jan 1970 00:01:00 GMT', 50 * S],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['soon', null],
    ['-5', null],
  ])('%s', (header, ms) => expect(retryAfterOf(header, 10 * S)).toBe(ms));
});
