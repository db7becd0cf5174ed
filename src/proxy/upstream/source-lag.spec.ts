import fc from 'fast-check';
import {
  catchesUpInTime,
  SourceLagEstimator,
  MAX_CATCH_UP_MS as LONGEST,
  type SourceLagFacts,
} from './source-lag';

/** A burst of 24 s that takes 5 s in total. */
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
    ['a source that arrives just in time', { pace: 15 / 8 }, true],
    ['a source that arrives slightly late', { pace: 15 / 8.1 }, false],
    ['a lag that takes too long', { lagMs: 100_000 }, false],
    ['a source that does not catch up', { pace: 0 }, false],
    ['a source that falls behind', { pace: -1 }, false],
    ['a source that has caught up at once', { pace: Infinity }, true],
    ['a source that has used up its credit', { creditMs: -1 }, false],
    ['credit of exactly 0', { creditMs: 0 }, true],
    ['the longest wait', { waitedMs: LONGEST, lagMs: 1 }, false],
    ['just before it', { waitedMs: LONGEST - 1, lagMs: 1 }, true],
    ['viewers who can wait less', { maxWaitMs: 4000 }, false],
    ['the first 1.5 s, at any pace', { waitedMs: 1499, pace: 0 }, true],
    [
      'the first 1.5 s, for viewers who cannot wait',
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

/** Time at which a source with this lag is given up or has caught up, and its lag at that time. */
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

/** Pieces that arrive at once, at intervals that yield this pace. */
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
    ['lags and sends in real time', 60_000, steady(1), [1500, 2000]],
    ['lags by only 2 s', 2000, steady(1), [1500, 2000]],
    ['stands still', 60_000, steady(0), [1500, 1800]],
    ['is slower than real time', 60_000, steady(0.5), [1500, 1900]],
    ['is clearly faster, but too far behind', 100_000, steady(4), [1500, 1800]],
    [
      'sends a burst at once, then lags',
      40_000,
      after([{ afterMs: 300, media: 24_000 }], steady(1)),
      [1500, 2500],
    ],
    [
      'sends a slow burst, then lags',
      60_000,
      after(Array(50).fill({ afterMs: 40, media: 400 }), steady(1)),
      [2000, 4500],
    ],
    ['lags and sends in pieces of 2 s', 60_000, gusts(1, 2000), [1500, 8000]],
  ])('gives up a source that %s', (_, lagMs, arrivals, [from, to]) => {
    const found = waitFor(lagMs, arrivals);
    expect(found.isOver).toBe(true);
    expect(found.lagMs).toBeGreaterThan(0);
    expect(found.atMs).toBeGreaterThanOrEqual(from);
    expect(found.atMs).toBeLessThanOrEqual(to);
  });

  it.each<[string, number, Iterable<Arrival>]>([
    ['is four times as fast as real time', 24_000, steady(4)],
    ['is slightly faster than real time and lags little', 3000, steady(1.5)],
    ['is fast and sends in pieces of 2 s', 24_000, gusts(4, 2000)],
    [
      'arrives after our own event loop was late by 2 s',
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

  it('never gives up before 1.5 s, so it never repeats more than a fixed wait of 1.5 s would', () => {
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

  it('ends with the first observation after the maximum wait', () => {
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

  it('never gives up a source that is at least three times as fast as real time and arrives in time', () => {
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
