import { BurstDetector, shouldPause, type BurstFacts } from './burst-pause';

/** A burst of 30 s of which the first viewer has received nothing yet. */
const BURST: BurstFacts = {
  aheadMs: 30_000,
  fastestBehindMs: 30_000,
  fastestBehindShare: 0.5,
  maxLagMs: 20_000,
  pausedForMs: 0,
  maxPauseMs: 15_000,
};

describe('shouldPause', () => {
  it.each<[string, Partial<BurstFacts>, boolean]>([
    ['a burst that no viewer has received yet', {}, true],
    ['a burst without any viewer', { fastestBehindMs: null, fastestBehindShare: null }, false],
    ['ten seconds ahead of the wall clock', { aheadMs: 10_000 }, false],
    ['a little more than that', { aheadMs: 10_001 }, true],
    ['steady state with a slow viewer', { aheadMs: 0, fastestBehindMs: 40_000 }, false],
    ['behind the wall clock', { aheadMs: -5000, fastestBehindMs: 40_000 }, false],
    ['the fastest viewer is ten seconds behind', { fastestBehindMs: 10_000 }, false],
    [
      'close in time, but three quarters of the ring behind',
      { fastestBehindMs: 10_000, fastestBehindShare: 0.75 },
      false,
    ],
    [
      'close in time, but more than three quarters of the ring behind',
      { fastestBehindMs: 10_000, fastestBehindShare: 0.76 },
      true,
    ],
    ['viewers who may lag little', { maxLagMs: 5000, aheadMs: 3000, fastestBehindMs: 3000 }, true],
    ['the same, half as far', { maxLagMs: 5000, aheadMs: 2500, fastestBehindMs: 2500 }, false],
    ['a pause that is not over', { pausedForMs: 14_999 }, true],
    ['the longest pause', { pausedForMs: 15_000 }, false],
  ])('%s', (_, facts, pause) => {
    expect(shouldPause({ ...BURST, ...facts })).toBe(pause);
  });
});

describe('BurstDetector', () => {
  it('detects a burst while media arrive faster than real time, and none after that', () => {
    const gauge = new BurstDetector(0);
    expect(gauge.isBursting(5000, 500, false)).toBe(true);
    expect(gauge.isBursting(5050, 3000, false)).toBe(true);
    expect(gauge.isBursting(5050, 3500, false)).toBe(false);
    expect(gauge.isBursting(5050, 9000, false)).toBe(false);
  });

  it('ignores time spent paused', () => {
    const gauge = new BurstDetector(0);
    gauge.isBursting(20_000, 500, false);
    expect(gauge.isBursting(8000, 12_500, true)).toBe(true);
    expect(gauge.isBursting(8000, 15_000, false)).toBe(true);
    expect(gauge.isBursting(8000, 15_600, false)).toBe(false);
  });
});
