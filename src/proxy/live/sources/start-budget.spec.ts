import fc from 'fast-check';
import { shareOf } from './start-budget';

describe('the share of a source in a start', () => {
  it.each([
    ['the only one has all', 60_000, 1, 60_000],
    ['one of two: half', 60_000, 2, 30_000],
    ['one of sixteen: not too little', 60_000, 16, 10_000],
    ['of little time half', 4000, 3, 2000],
    ['what is left for the last one', 700, 1, 700],
    ['nothing of nothing', 0, 3, 0],
  ])('%s', (_, leftMs, sources, share) => {
    expect(shareOf(leftMs, sources)).toBe(share);
  });

  it('is never more than there is, and the second source always has some', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 3_600_000 }),
        fc.integer({ min: 2, max: 16 }),
        (left, n) => {
          expect(shareOf(left, n)).toBeGreaterThan(0);
          expect(shareOf(left, n)).toBeLessThanOrEqual(left / 2);
        },
      ),
    );
  });
});
