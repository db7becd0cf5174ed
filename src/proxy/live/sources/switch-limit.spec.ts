import fc from 'fast-check';
import {
  isSpent,
  kindOf,
  stillCounting,
  SwitchLimit,
  type ChangeKind,
  type SourceChange,
  type SwitchBound,
} from './switch-limit';

const FIVE: SwitchBound = { limit: 5, windowMs: 300_000 };

const CLEAN = { isFlagged: false, silentMs: 900 };

describe('kindOf', () => {
  it.each<[string, Partial<SourceChange>, ChangeKind]>([
    ['goes on with the next unit', {}, 'unfelt'],
    ['goes on with the next unit after 2 s', { join: { ...CLEAN, silentMs: 2000 } }, 'unfelt'],
    ['goes on with the next unit later', { join: { ...CLEAN, silentMs: 2001 } }, 'felt'],
    ['is flagged', { join: { ...CLEAN, isFlagged: true } }, 'felt'],
    ['brings nothing newer', { join: null }, 'felt'],
    ['follows the death of an engine', { isEngineGone: true }, 'engine_gone'],
    ['brings nothing newer after a death', { isEngineGone: true, join: null }, 'engine_gone'],
  ])('a source that %s', (_, facts, kind) => {
    expect(kindOf({ atMs: 0, isEngineGone: false, join: CLEAN, ...facts })).toBe(kind);
  });
});

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

const felt = (atMs: number): SourceChange => ({ atMs, isEngineGone: false, join: null });
const unfelt = (atMs: number): SourceChange => ({
  ...felt(atMs),
  join: { isFlagged: false, silentMs: 300 },
});
const engineGone = (atMs: number): SourceChange => ({ ...felt(atMs), isEngineGone: true });

/** How many changes are allowed of those that would follow one another in `everyMs`; at most 1000. */
function allowed(bound: SwitchBound, everyMs: number, kindAt: (atMs: number) => SourceChange) {
  const kept = new SwitchLimit(bound);
  for (let n = 0; n < 1000; n++) {
    const atMs = n * everyMs;
    if (kept.excess(atMs) !== null) return n;
    kept.note(kindAt(atMs));
  }
  return 1000;
}

describe('SwitchLimit', () => {
  it.each<[string, number, number, (atMs: number) => SourceChange]>([
    ['felt ones every 10 s', 5, 10_000, felt],
    ['felt ones every 59 s', 5, 59_000, felt],
    ['felt ones every minute', 1000, 60_000, felt],
    ['unfelt ones every 20 s', 1000, 20_000, unfelt],
    ['unfelt ones every 5 s', 1000, 5000, unfelt],
    ['unfelt ones every 4.9 s', 5, 4900, unfelt],
    ['deaths of engines every 10 s', 1000, 10_000, engineGone],
    ['deaths of engines in no time', 1000, 0, engineGone],
  ])('of %s allows %d', (_, count, everyMs, kindAt) => {
    expect(allowed(FIVE, everyMs, kindAt)).toBe(count);
  });

  it('lets unfelt ones come together when they are seldom on average', () => {
    const kept = new SwitchLimit(FIVE);
    for (let minute = 0; minute < 10; minute++) {
      for (const atMs of [0, 100, 200]) kept.note(unfelt(minute * 60_000 + atMs));
      expect(kept.excess(minute * 60_000 + 300)).toBeNull();
    }
  });

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
            expect(kept.excess(nowMs) !== null).toBe(isSpent(all, nowMs, bound));
            if (kept.excess(nowMs) !== null) continue;
            kept.note(felt(nowMs));
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
    const words = (kindAt: (atMs: number) => SourceChange): string | null => {
      const kept = new SwitchLimit({ limit: 2, windowMs: 60_000 });
      for (const atMs of [0, 10]) kept.note(kindAt(atMs));
      return kept.excess(20);
    };
    expect(words(felt)).toContain('2 times within 60 s');
    expect(words(unfelt)).toContain('replaced 2 times within 10 s without a gap');
  });
});
