import {
  effectiveMaxLagMs,
  classifyLag,
  classifyProgress,
  jumpBehindMs,
  MAX_JUMPS_PER_MINUTE,
  type LagFacts,
  type LagVerdict,
  type Progress,
} from './lag-policy';

const KEEPS_UP: LagFacts = { behindMs: 0, grantedMs: 0, overtaken: false, recentJumps: 0 };
const MAX_LAG_MS = 20_000;

describe('classifyLag', () => {
  it.each<[string, Partial<LagFacts>, LagVerdict]>([
    ['a viewer who keeps up', {}, 'keep'],
    ['lag at the limit', { behindMs: 20_000 }, 'keep'],
    ['lag beyond the limit', { behindMs: 20_001 }, 'jump'],
    ['a granted backlog of any length', { behindMs: 45_000, grantedMs: 45_000 }, 'keep'],
    ['lag on top of what was granted', { behindMs: 45_000, grantedMs: 20_000 }, 'jump'],
    ['no clock, so no lag', { behindMs: null }, 'keep'],
    ['overtaken by the ring', { overtaken: true }, 'jump'],
    ['overtaken, without a clock', { behindMs: null, overtaken: true }, 'jump'],
    ['the last jump that is allowed', { behindMs: 30_000, recentJumps: 4 }, 'jump'],
    ['one jump too many', { behindMs: 30_000, recentJumps: MAX_JUMPS_PER_MINUTE }, 'cut'],
    ['overtaken once too often', { overtaken: true, recentJumps: 5 }, 'cut'],
    ['many jumps, but keeping up now', { recentJumps: 9 }, 'keep'],
  ])('%s', (_, facts, verdict) => {
    expect(classifyLag({ ...KEEPS_UP, ...facts }, MAX_LAG_MS)).toBe(verdict);
  });
});

describe('effectiveMaxLagMs', () => {
  it.each([
    [20_000, 60_000, 20_000],
    [20_000, 25_000, 20_000],
    [20_000, 10_000, 8000],
    [20_000, Infinity, 20_000],
  ])('setting %d ms, ring of %d ms: %d ms', (setting, capacity, lag) => {
    expect(effectiveMaxLagMs(setting, capacity)).toBe(lag);
  });
});

describe('jumpBehindMs', () => {
  it.each([
    [3000, 60_000, 3000],
    [20_000, 60_000, 20_000],
    [50_000, 60_000, 30_000],
    [3000, 4000, 2000],
    [3000, Infinity, 3000],
  ])('%d ms wanted, ring of %d ms: %d ms', (wanted, capacity, behind) => {
    expect(jumpBehindMs(wanted, capacity)).toBe(behind);
  });
});

describe('classifyProgress', () => {
  it.each<[number, number, number, Progress]>([
    [0, 600_000, 300_000, 'flows'],
    [1, 14_999, 300_000, 'flows'],
    [1, 15_000, 300_000, 'paused'],
    [1, 299_999, 300_000, 'paused'],
    [1, 300_000, 300_000, 'stalled'],
    [1_000_000, 0, 300_000, 'flows'],
    [1, 3999, 4000, 'flows'],
    [1, 4000, 4000, 'stalled'],
  ])(
    '%d bytes pending, %d ms without progress, cut after %d ms: %s',
    (unsentBytes, sinceProgressMs, stallTimeoutMs, progress) => {
      expect(classifyProgress({ unsentBytes, sinceProgressMs }, stallTimeoutMs)).toBe(progress);
    },
  );
});
