import fc from 'fast-check';
import { retryDelayMs } from './retry-delay';

describe('retryDelayMs', () => {
  it.each([
    [0, 0],
    [1, 0],
    [2, 1000],
    [3, 2000],
    [4, 4000],
    [5, 8000],
    [6, 10_000],
    [5000, 10_000],
  ])('waits before retry %d for %d ms', (retry, ms) => {
    expect(retryDelayMs(retry, 1000, 10_000)).toBe(ms);
  });

  it('never shrinks, and never exceeds the most', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.integer({ min: 1, max: 10_000 }), fc.nat(1e6), (n, base, max) => {
        expect(retryDelayMs(n + 1, base, max)).toBeGreaterThanOrEqual(retryDelayMs(n, base, max));
        expect(retryDelayMs(n, base, max)).toBeLessThanOrEqual(max);
      }),
    );
  });
});
