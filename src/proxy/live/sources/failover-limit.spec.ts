import fc from 'fast-check';
import {
  isSpent,
  kindOf,
  stillCounting,
  FailoverLimit,
  type FailoverKind,
  type Failover,
  type FailoverBound,
} from './failover-limit';

const FIVE: FailoverBound = { limit: 5, windowMs: 300_000 };

const CLEAN = { isFlagged: false, silentMs: 900 };

describe('kindOf', () => {
  it.each<[string, Partial<Failover>, FailoverKind]>([
    ['continues with the next unit', {}, 'unfelt'],
    ['continues with the next unit after 2 s', { join: { ...CLEAN, silentMs: 2000 } }, 'unfelt'],
    [
      'continues with the next unit after more than 2 s',
      { join: { ...CLEAN, silentMs: 2001 } },
      'felt',
    ],
    ['is joined with a flagged discontinuity', { join: { ...CLEAN, isFlagged: true } }, 'felt'],
    ['has no newer media', { join: null }, 'felt'],
    ['follows the death of an engine', { isEngineGone: true }, 'engine_gone'],
    [
      'has no newer media after the death of an engine',
      { isEngineGone: true, join: null },
      'engine_gone',
    ],
  ])('classifies a source that %s', (_, facts, kind) => {
    expect(kindOf({ atMs: 0, isEngineGone: false, join: CLEAN, ...facts })).toBe(kind);
  });
});

describe('isSpent', () => {
  it.each<[string, readonly number[], number, FailoverBound, boolean]>([
    ['no changes', [], 0, FIVE, false],
    ['one change fewer than the limit', [0, 1, 2, 3], 10, FIVE, false],
    ['as many changes as the limit', [0, 1, 2, 3, 4], 10, FIVE, true],
    ['changes at the same time up to the limit', [7, 7, 7, 7, 7], 7, FIVE, true],
    ['the oldest change 1 ms before it leaves the window', [0, 1, 2, 3, 4], 299_999, FIVE, true],
    ['the oldest change when it leaves the window', [0, 1, 2, 3, 4], 300_000, FIVE, false],
    ['one change every 61 s', [0, 61_000, 122_000, 183_000, 244_000], 305_000, FIVE, false],
    ['a single change and a limit of one', [0], 10, { limit: 1, windowMs: 1000 }, true],
    [
      'many changes and no limit',
      Array<number>(50).fill(0),
      0,
      { limit: 0, windowMs: 1000 },
      false,
    ],
  ])('decides for %s', (_, timesMs, nowMs, bound, expected) => {
    expect(isSpent(timesMs, nowMs, bound)).toBe(expected);
  });
});

const felt = (atMs: number): Failover => ({ atMs, isEngineGone: false, join: null });
const unfelt = (atMs: number): Failover => ({
  ...felt(atMs),
  join: { isFlagged: false, silentMs: 300 },
});
const engineGone = (atMs: number): Failover => ({ ...felt(atMs), isEngineGone: true });

/** The number of changes at an interval of `everyMs` before the limit refuses one; at most 1000. */
function allowed(bound: FailoverBound, everyMs: number, kindAt: (atMs: number) => Failover) {
  const limit = new FailoverLimit(bound);
  for (let n = 0; n < 1000; n++) {
    const atMs = n * everyMs;
    if (limit.excess(atMs) !== null) return n;
    limit.note(kindAt(atMs));
  }
  return 1000;
}

describe('FailoverLimit', () => {
  it.each<[string, number, number, (atMs: number) => Failover]>([
    ['felt changes every 10 s', 5, 10_000, felt],
    ['felt changes every 59 s', 5, 59_000, felt],
    ['felt changes every minute', 1000, 60_000, felt],
    ['unfelt changes every 20 s', 1000, 20_000, unfelt],
    ['unfelt changes every 5 s', 1000, 5000, unfelt],
    ['unfelt changes every 4.9 s', 5, 4900, unfelt],
    ['changes after deaths of engines every 10 s', 1000, 10_000, engineGone],
    ['changes after deaths of engines without a pause', 1000, 0, engineGone],
  ])('allows for %s a number of %d', (_, count, everyMs, kindAt) => {
    expect(allowed(FIVE, everyMs, kindAt)).toBe(count);
  });

  it('allows bursts of unfelt changes when they are rare on average', () => {
    const kept = new FailoverLimit(FIVE);
    for (let minute = 0; minute < 10; minute++) {
      for (const atMs of [0, 100, 200]) kept.note(unfelt(minute * 60_000 + atMs));
      expect(kept.excess(minute * 60_000 + 300)).toBeNull();
    }
  });

  it('decides as if it kept every change', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(500), { maxLength: 60 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 2000 }),
        (steps, limit, windowMs) => {
          const bound = { limit, windowMs };
          const kept = new FailoverLimit(bound);
          const all: number[] = [];
          let nowMs = 0;
          for (const step of steps) {
            nowMs += step;
            expect(kept.excess(nowMs) !== null).toBe(isSpent(all, nowMs, bound));
            if (kept.excess(nowMs) !== null) continue;
            kept.note(felt(nowMs));
            all.push(nowMs);
            // No window holds more changes than the limit.
            expect(stillCounting(all, nowMs, bound).length).toBeLessThanOrEqual(limit);
          }
        },
      ),
      { seed: 4 },
    );
  });

  it('names the exceeded limit', () => {
    const excessAfter = (kindAt: (atMs: number) => Failover): string | null => {
      const kept = new FailoverLimit({ limit: 2, windowMs: 60_000 });
      for (const atMs of [0, 10]) kept.note(kindAt(atMs));
      return kept.excess(20);
    };
    expect(excessAfter(felt)).toContain('2 times within 60 s');
    expect(excessAfter(unfelt)).toContain(
      'lost 2 times within 10 s, each time replaced without a gap',
    );
  });
});
