import fc from 'fast-check';
import { retryDelayMs, withJitter } from './retry-delay';

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

  it('never shrinks, and never exceeds the maximum', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.integer({ min: 1, max: 10_000 }), fc.nat(1e6), (n, base, max) => {
        expect(retryDelayMs(n + 1, base, max)).toBeGreaterThanOrEqual(retryDelayMs(n, base, max));
        expect(retryDelayMs(n, base, max)).toBeLessThanOrEqual(max);
      }),
    );
  });
});

describe('withJitter', () => {
  it.each([
    [1000, 0, 1000],
    [1000, 0.5, 750],
    [4000, 0.999999, 2000],
    [0, 0.5, 0],
  ])('turns %d ms, with the random number %d, into %d ms', (delayMs, random, ms) => {
    expect(withJitter(delayMs, random)).toBe(ms);
  });

  it('lies between half of the delay and the whole, in whole milliseconds', () => {
    const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 600_000 }), chance, (delayMs, random) => {
        const ms = withJitter(delayMs, random);
        expect(Number.isInteger(ms)).toBe(true);
        expect(ms).toBeGreaterThanOrEqual(Math.floor(delayMs / 2));
        expect(ms).toBeLessThanOrEqual(delayMs);
      }),
    );
  });
});
