import { METRIC_NAMES, METRICS } from './metric';
import { SampleBuffer } from './sample-buffer';
import { rollUp } from './series';

const T0 = 1_800_000_000;

describe('SampleBuffer', () => {
  it('keeps the samples of 15 minutes, and hands the steps of all samples out once', () => {
    const buffer = new SampleBuffer();
    for (let i = 0; i < 200; i += 1) buffer.add(T0 + i * 10, { viewers: i });
    const recent = buffer.listRecent('viewers');
    expect(recent).toHaveLength(90);
    expect(buffer.recentSinceS).toBe(T0 + 1100 + 10 - 10);
    expect(buffer.listRecent('peers')).toEqual([]);
    const buckets = buffer.take();
    const all = Array.from({ length: 200 }, (_, i) => ({
      ...{ atS: T0 + i * 10, samples: 1, min: i },
      ...{ mean: i, max: i },
    }));
    for (const stepS of [60, 900, 3600]) {
      const expected = rollUp(all, stepS).map((point) => ({
        ...point,
        mean: expect.closeTo(point.mean, 9) as number,
        stepS,
        metric: METRICS.viewers.number,
      }));
      expect(buckets.filter((bucket) => bucket.stepS === stepS)).toEqual(expected);
    }
    expect([buffer.isEmpty, buffer.take()]).toEqual([true, []]);
  });

  it('forgets recent samples that seem to be in the future after the clock was set back', () => {
    const buffer = new SampleBuffer();
    buffer.add(T0 + 100_000, { viewers: 1 });
    buffer.add(T0, { viewers: 2 });
    expect(buffer.listRecent('viewers').map(({ mean }) => mean)).toEqual([2]);
    expect(buffer.take()).toHaveLength(6);
  });

  it('loses the oldest steps when nothing is taken for hours, and counts them', () => {
    const buffer = new SampleBuffer();
    const sample = Object.fromEntries(METRIC_NAMES.map((name) => [name, 1]));
    for (let minute = 0; minute < 300; minute += 1) buffer.add(T0 + minute * 60, sample);
    const buckets = buffer.take();
    expect(buckets).toHaveLength(120 * METRIC_NAMES.length);
    expect(buckets.at(-1)?.atS).toBeGreaterThan(T0 + 290 * 60 - 3600);
    expect(buffer.lost).toBeGreaterThan(0);
  });

  it('gives each metric a number of its own', () => {
    const numbers = METRIC_NAMES.map((name) => METRICS[name].number);
    expect(new Set(numbers).size).toBe(numbers.length);
  });
});
