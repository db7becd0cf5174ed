import { AppError, type ErrorCode } from '../../kernel/errors';
import { NegativeCache } from './negative-cache';

describe('NegativeCache', () => {
  let nowMs: number;
  let cache: NegativeCache;

  beforeEach(() => {
    nowMs = 1_000_000;
    cache = new NegativeCache({ ttlMs: 30_000 }, () => nowMs);
  });

  it.each<[ErrorCode, number]>([
    ['content_not_found', 30_000],
    ['unsupported_content', 30_000],
    ['start_timeout', 15_000],
    ['engine_failed', 0],
    ['no_engine', 0],
    ['no_capacity', 0],
    ['internal_error', 0],
  ])('remembers %s for %d ms', (code, ttlMs) => {
    cache.remember('key', new AppError(code, 'why'));
    if (ttlMs === 0) {
      expect(cache.lookup('key')).toBeNull();
      return;
    }
    nowMs += ttlMs - 1;
    expect(cache.lookup('key')).toMatchObject({ code, detail: 'why', retryAfterS: 0.001 });
    nowMs += 1;
    expect(cache.lookup('key')).toBeNull();
    nowMs -= ttlMs;
    expect(cache.lookup('key')).toBeNull();
  });

  it('gives the remaining time as the retry time', () => {
    cache.remember('key', new AppError('content_not_found', 'why'));
    nowMs += 12_000;
    expect(cache.lookup('key')?.retryAfterS).toBe(18);
  });

  it('keeps contents apart, and forgets one on request', () => {
    cache.remember('one', new AppError('content_not_found', 'first'));
    cache.remember('two', new AppError('start_timeout', 'second'));
    expect(cache.lookup('one')?.detail).toBe('first');
    expect(cache.lookup('two')?.detail).toBe('second');
    expect(cache.lookup('three')).toBeNull();
    cache.forget('one');
    expect(cache.lookup('one')).toBeNull();
    expect(cache.lookup('two')).not.toBeNull();
  });

  it('begins a new period with each failure', () => {
    cache.remember('key', new AppError('content_not_found', 'once'));
    nowMs += 20_000;
    cache.remember('key', new AppError('content_not_found', 'twice'));
    nowMs += 20_000;
    expect(cache.lookup('key')?.detail).toBe('twice');
  });

  it('remembers nothing when the period is 0', () => {
    const off = new NegativeCache({ ttlMs: 0 }, () => nowMs);
    off.remember('key', new AppError('content_not_found', 'why'));
    expect(off.lookup('key')).toBeNull();
  });

  it('drops the oldest entry beyond 10000', () => {
    for (let i = 0; i <= 10_000; i++) {
      cache.remember(`key ${i}`, new AppError('content_not_found', 'why'));
    }
    expect(cache.lookup('key 0')).toBeNull();
    expect(cache.lookup('key 10000')).not.toBeNull();
  });
});
