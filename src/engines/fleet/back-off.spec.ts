import fc from 'fast-check';
import { provisioningPauseMs } from './back-off';

describe('provisioningPauseMs', () => {
  it.each([
    [0, 0, 0],
    [1, 0, 1000],
    [2, 0, 2000],
    [3, 0, 4000],
    [7, 0, 60_000],
    [5000, 0, 60_000],
    [1, 0.5, 750],
    [3, 0.999999, 2000],
  ])('after %d failures in a row, with chance at %d: %d ms', (failures, random, ms) => {
    expect(provisioningPauseMs(failures, 1000, 60_000, random)).toBe(ms);
  });

  it('lies between half and the whole of what the failures call for', () => {
    const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    const ms = fc.integer({ min: 10, max: 600_000 });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        ms,
        ms,
        chance,
        (failures, base, max, random) => {
          const pauseMs = provisioningPauseMs(failures, base, max, random);
          const whole = Math.min(max, base * 2 ** (failures - 1));
          expect(Number.isInteger(pauseMs)).toBe(true);
          expect(pauseMs).toBeGreaterThanOrEqual(Math.floor(whole / 2));
          expect(pauseMs).toBeLessThanOrEqual(whole);
        },
      ),
    );
  });
});
