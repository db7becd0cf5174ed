import fc from 'fast-check';
import { isSpent, stillCounting, SwitchLimit, type SwitchBound } from './switch-limit';

const FIVE: SwitchBound = { limit: 5, windowMs: 300_000 };

describe('isSpent', () => {
  it.each<[string, readonly number[], number, SwitchBound, boolean]>([
    ['nothing was switched', [], 0, FIVE, false],
    ['one fewer than the limit', [0, 1, 2, 3], 10, FIVE, false],
    ['as many as the limit', [0, 1, 2, 3, 4], 10, FIVE, true],
    ['all at once', [7, 7, 7, 7, 7], 7, FIVE, true],
    ['the oldest is a moment from leaving the window', [0, 1, 2, 3, 4], 299_999, FIVE, true],
    ['the oldest has left the window', [0, 1, 2, 3, 4], 300_000, FIVE, false],
    ['one in every 61 seconds', [0, 61_000, 122_000, 183_000, 244_000], 305_000, FIVE, false],
    ['one may be', [0], 10, { limit: 1, windowMs: 1000 }, true],
    ['no limit', Array<number>(50).fill(0), 0, { limit: 0, windowMs: 1000 }, false],
  ])('%s', (_, switches, nowMs, bound, expected) => {
    expect(isSpent(switches, nowMs, bound)).toBe(expected);
  });
});

describe('SwitchLimit', () => {
  it('counts as if it remembered everything, and remembers little', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(500), { maxLength: 60 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 2000 }),
        (steps, limit, windowMs) => {
          const bound = { limit, windowMs };
          const kept = new SwitchLimit(bound);
          const all: number[] = [];
          let nowMs = 0;
          for (const step of steps) {
            nowMs += step;
            expect(kept.isSpent(nowMs)).toBe(isSpent(all, nowMs, bound));
            if (kept.isSpent(nowMs)) continue;
            kept.note(nowMs);
            all.push(nowMs);
            // Never more than the limit in any window.
            expect(stillCounting(all, nowMs, bound).length).toBeLessThanOrEqual(limit);
          }
        },
      ),
      { seed: 4 },
    );
  });

  it('says what it bounds', () => {
    expect(new SwitchLimit({ limit: 2, windowMs: 10_000 }).describe()).toContain(
      '2 times within 10 s',
    );
  });
});
