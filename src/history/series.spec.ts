import fc from 'fast-check';
import type { SeriesPoint } from '../storage';
import { MAX_POINTS, planSeries, rollUp, stepBegin, withGaps } from './series';

const point = (atS: number, value: number, samples = 1): SeriesPoint => ({
  atS,
  samples,
  min: value,
  mean: value,
  max: value,
});

describe('rollUp', () => {
  it.each([
    ['nothing', [], 60, []],
    ['one sample', [point(61, 5)], 60, [point(60, 5)]],
    [
      'samples of one step, and a gap',
      [point(60, 2), point(70, 4, 3), point(300, 1)],
      60,
      [{ atS: 60, samples: 4, min: 2, mean: 3.5, max: 4 }, point(300, 1)],
    ],
    [
      'a clock that was set back',
      [point(120, 4), point(60, 2), point(130, 6)],
      60,
      [point(60, 2), { atS: 120, samples: 2, min: 4, mean: 5, max: 6 }],
    ],
  ])('of %s', (_, points, stepS, expected) => {
    expect(rollUp(points, stepS)).toEqual(expected);
  });

  const samples = fc.array(
    fc.tuple(fc.integer({ min: 0, max: 7200 }), fc.integer({ min: -1000, max: 1000 })),
  );

  it('gives the same in one pass and over shorter steps', () => {
    fc.assert(
      fc.property(samples, (all) => {
        const points = all.map(([atS, value]) => point(atS, value));
        const direct = rollUp(points, 3600);
        const stepwise = rollUp(rollUp(rollUp(points, 60), 900), 3600);
        const near = (one: SeriesPoint) => ({
          ...one,
          mean: expect.closeTo(one.mean, 6) as number,
        });
        expect(stepwise).toEqual(direct.map(near));
      }),
    );
  });

  it('is idempotent, loses no sample and keeps the mean between the extremes', () => {
    fc.assert(
      fc.property(samples, (all) => {
        const once = rollUp(
          all.map(([atS, value]) => point(atS, value)),
          60,
        );
        expect(rollUp(once, 60)).toEqual(once);
        expect(once.reduce((sum, one) => sum + one.samples, 0)).toBe(all.length);
        for (const { min, mean, max } of once) {
          expect(mean).toBeGreaterThanOrEqual(min - 1e-9);
          expect(mean).toBeLessThanOrEqual(max + 1e-9);
        }
      }),
    );
  });
});

describe('planSeries', () => {
  const NOW = 1_800_000_123;
  const REACH = { historyDays: 365, recentSinceS: NOW - 900 };
  const HOUR = 3600;
  const DAY = 24 * HOUR;
  const plan = (ageS: number | null, stepS: number | null = null) =>
    planSeries({ fromS: ageS === null ? null : NOW - ageS, toS: null, stepS }, NOW, REACH);

  it.each([
    ['five minutes', 300, 10, null],
    ['an hour', HOUR, 60, 60],
    ['a day', DAY - 1, 300, 60],
    ['two days', 2 * DAY, 900, 900],
    ['a month', 30 * DAY - 1, 6 * HOUR, 3600],
    ['a year', 365 * DAY, DAY, 3600],
  ])('chooses the step for %s', (_, ageS, stepS, storedS) => {
    expect(plan(ageS)).toMatchObject({ stepS, storedS });
  });

  it('shows the last day by default', () => {
    expect(plan(null)).toMatchObject({ stepS: 300, fromS: stepBegin(NOW + 1 - DAY, 300) });
  });

  it('uses minutes where the samples in memory do not reach', () => {
    const reach = { ...REACH, recentSinceS: NOW - 100 };
    const short = planSeries({ fromS: NOW - 300, toS: null, stepS: null }, NOW, reach);
    expect(short).toMatchObject({ stepS: 60, storedS: 60 });
  });

  it('reads a step of the caller from the longest stored one that divides it', () => {
    expect(plan(HOUR, 120)).toMatchObject({ stepS: 120, storedS: 60 });
    expect(plan(HOUR, 1800)).toMatchObject({ stepS: 1800, storedS: 900 });
    expect(plan(DAY, 7200)).toMatchObject({ stepS: 7200, storedS: 3600 });
    expect(plan(10 * DAY, 60)).toBeNull();
  });

  it('never gives too many points, and covers the period', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 3 * NOW }),
        fc.integer({ min: 0, max: 3 * NOW }),
        fc.option(fc.constantFrom(10, 60, 120, 900, 3600, DAY, 400 * DAY)),
        fc.integer({ min: 1, max: 1825 }),
        (fromS, toS, stepS, historyDays) => {
          const found = planSeries({ fromS, toS, stepS }, NOW, { ...REACH, historyDays });
          if (stepS === null) expect(found).not.toBeNull();
          if (found === null) return;
          const entries = withGaps([], found);
          expect(entries.length).toBeLessThanOrEqual(MAX_POINTS);
          expect((found.toS - found.fromS) % found.stepS).toBe(0);
          const isInside = fromS <= toS && toS <= NOW && fromS >= NOW - historyDays * DAY;
          if (!isInside) return;
          expect(found.fromS).toBeLessThanOrEqual(fromS);
          expect(found.toS).toBeGreaterThan(toS);
        },
      ),
    );
  });
});

describe('withGaps', () => {
  it('has an entry for each step, null without samples', () => {
    const plan = { fromS: 60, toS: 240, stepS: 60, storedS: 60 } as const;
    const bucket = { samples: 1, min: 0, mean: 0, max: 0 };
    expect(withGaps([point(120, 0)], plan)).toEqual([
      { atS: 60, bucket: null },
      { atS: 120, bucket },
      { atS: 180, bucket: null },
    ]);
  });
});
