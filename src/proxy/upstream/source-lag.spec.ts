import fc from 'fast-check';
import {
  catchesUpInTime,
  SourceLagEstimator,
  MAX_CATCH_UP_MS as LONGEST,
  type SourceLagFacts,
} from './source-lag';

/** A burst of 24 s that takes five seconds in all. */
const BURST: SourceLagFacts = {
  waitedMs: 2000,
  maxWaitMs: LONGEST,
  lagMs: 15_000,
  pace: 5,
  creditMs: 1000,
};

describe('catchesUpInTime', () => {
  it.each<[string, Partial<SourceLagFacts>, boolean]>([
    ['a slow burst', {}, true],
    ['one that is here in just the time that there is', { pace: 15 / 8 }, true],
    ['one that is here a little later', { pace: 15 / 8.1 }, false],
    ['so much past that it takes too long', { lagMs: 100_000 }, false],
    ['one that comes no nearer', { pace: 0 }, false],
    ['one that falls behind', { pace: -1 }, false],
    ['one that has come in no time at all', { pace: Infinity }, true],
    ['one that has been slow for long', { creditMs: -1 }, false],
    ['the end of patience', { creditMs: 0 }, true],
    ['the longest wait', { waitedMs: LONGEST, lagMs: 1 }, false],
    ['just before it', { waitedMs: LONGEST - 1, lagMs: 1 }, true],
    ['less time that viewers bear', { maxWaitMs: 4000 }, false],
    ['the first second and a half, whatever comes', { waitedMs: 1499, pace: 0 }, true],
    [
      'the same, where viewers bear nothing',
      { waitedMs: 1499, pace: 0, creditMs: -500, maxWaitMs: 0 },
      true,
    ],
    ['right after it', { waitedMs: 1500, pace: 0 }, false],
  ])('%s', (_, facts, arrives) => {
    expect(catchesUpInTime({ ...BURST, ...facts })).toBe(arrives);
  });
});

interface Arrival {
  readonly afterMs: number;
  readonly media: number;
}

/** When a source that begins so far behind is given up or has come, and what it lacks then. */
function waitFor(
  lagMs: number,
  arrivals: Iterable<Arrival>,
  maxWaitMs = LONGEST,
): { readonly atMs: number; readonly lagMs: number; readonly isOver: boolean } {
  const gauge = new SourceLagEstimator();
  let atMs = 0;
  let left = lagMs;
  gauge.observe(0, left);
  for (const { afterMs, media } of arrivals) {
    atMs += afterMs;
    left -= media;
    gauge.observe(atMs, left);
    if (left <= 0 || !gauge.isWorthWaiting(atMs, maxWaitMs)) {
      return { atMs, lagMs: left, isOver: true };
    }
  }
  return { atMs, lagMs: left, isOver: false };
}

function* steady(pace: number, everyMs = 40): Generator<Arrival> {
  for (let n = 0; n < 100_000; n++) yield { afterMs: everyMs, media: everyMs * pace };
}

/** Pieces at once, as often as they last at that pace. */
function* gusts(pace: number, pieceMs: number): Generator<Arrival> {
  for (let n = 0; n < 1000; n++) {
    yield { afterMs: pieceMs / pace, media: pieceMs / 4 };
    for (let part = 1; part < 4; part++) yield { afterMs: 10, media: pieceMs / 4 };
  }
}

function* after(first: readonly Arrival[], rest: Iterable<Arrival>): Generator<Arrival> {
  yield* first;
  yield* rest;
}

describe('SourceLagEstimator', () => {
  it.each<[string, number, Iterable<Arrival>, [from: number, to: number]]>([
    ['lags and comes at the pace of time', 60_000, steady(1), [1500, 2000]],
    ['lags by two seconds only', 2000, steady(1), [1500, 2000]],
    ['stands still', 60_000, steady(0), [1500, 1800]],
    ['comes slower than time', 60_000, steady(0.5), [1500, 1900]],
    ['is clearly faster, but too far behind', 100_000, steady(4), [1500, 1800]],
    [
      'gives a burst at once, then lags',
      40_000,
      after([{ afterMs: 300, media: 24_000 }], steady(1)),
      [1500, 2500],
    ],
    [
      'gives a slow burst, then lags',
      60_000,
      after(Array(50).fill({ afterMs: 40, media: 400 }), steady(1)),
      [2000, 4500],
    ],
    ['lags, and comes by the piece of two seconds', 60_000, gusts(1, 2000), [1500, 8000]],
  ])('gives up a source that %s', (_, lagMs, arrivals, [from, to]) => {
    const found = waitFor(lagMs, arrivals);
    expect(found.isOver).toBe(true);
    expect(found.lagMs).toBeGreaterThan(0);
    expect(found.atMs).toBeGreaterThanOrEqual(from);
    expect(found.atMs).toBeLessThanOrEqual(to);
  });

  it.each<[string, number, Iterable<Arrival>]>([
    ['comes four times as fast', 24_000, steady(4)],
    ['comes a little faster than time and lacks little', 3000, steady(1.5)],
    ['comes fast by the piece of two seconds', 24_000, gusts(4, 2000)],
    [
      'comes after our own loop was late by two seconds',
      24_000,
      after(
        [
          { afterMs: 100, media: 1000 },
          { afterMs: 2000, media: 200 },
          ...Array<Arrival>(20).fill({ afterMs: 5, media: 300 }),
        ],
        steady(4),
      ),
    ],
  ])('waits for a source that %s', (_, lagMs, arrivals) => {
    const found = waitFor(lagMs, arrivals);
    expect(found.lagMs).toBeLessThanOrEqual(0);
    expect(found.atMs).toBeLessThanOrEqual(LONGEST);
  });

  const arrivals = fc.array(
    fc.record({
      afterMs: fc.integer({ min: 0, max: 2000 }),
      media: fc.integer({ min: 0, max: 4000 }),
    }),
    { minLength: 1, maxLength: 300 },
  );
  const distance = fc.integer({ min: 1, max: 120_000 });

  it('never gives up before 1.5 s, and so never repeats more than who waits just so long', () => {
    fc.assert(
      fc.property(distance, arrivals, fc.integer({ min: 0, max: 20_000 }), (lagMs, all, most) => {
        const found = waitFor(lagMs, all, most);
        if (!found.isOver || found.lagMs <= 0) return;
        expect(found.atMs).toBeGreaterThanOrEqual(1500);
        let atMs = 0;
        let left = lagMs;
        for (const { afterMs, media } of all) {
          atMs += afterMs;
          left -= media;
          if (atMs >= 1500) break;
        }
        expect(found.lagMs).toBeLessThanOrEqual(left);
      }),
    );
  });

  it('always ends: with the first observe after the longest wait', () => {
    fc.assert(
      fc.property(
        distance,
        arrivals,
        fc.integer({ min: 1500, max: LONGEST }),
        (lagMs, all, most) => {
          const found = waitFor(lagMs, all, most);
          const last = all.findIndex(
            (_, n) => all.slice(0, n + 1).reduce((sum, { afterMs }) => sum + afterMs, 0) >= most,
          );
          if (last >= 0) expect(found.isOver).toBe(true);
          expect(found.atMs - most).toBeLessThanOrEqual(2000);
        },
      ),
    );
  });

  it('never gives up what comes three times as fast as time or faster, and is here in time', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 3, max: 50, noNaN: true }), { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 1, max: 240 }),
        fc.integer({ min: 1, max: 26_000 }),
        (paces, everyMs, lagMs) => {
          const all = Array.from({ length: 10_000 }, (_, n) => ({
            afterMs: everyMs,
            media: everyMs * paces[n % paces.length]!,
          }));
          expect(waitFor(lagMs, all).lagMs).toBeLessThanOrEqual(0);
        },
      ),
    );
  });
});
