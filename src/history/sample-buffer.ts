import type { SeriesPoint, StoredBucket } from '../storage';
import { METRIC_NAMES, METRICS, type MetricName, type Sample } from './metric';
import {
  type Bucket,
  bucketOf,
  LIVE_S,
  mergeBuckets,
  SAMPLE_S,
  stepBegin,
  STORED_STEPS_S,
} from './series';

interface TimedSample {
  readonly atS: number;
  readonly sample: Sample;
}

type Key = `${number} ${number} ${number}`;

/** Two hours of minutes without a working disk, and the longer steps. */
const MAX_BUCKETS = 120 * METRIC_NAMES.length;

/** The newest samples, and what is not written of them. */
export class SampleBuffer {
  private recent: TimedSample[] = [];
  private waiting = new Map<Key, StoredBucket>();
  private lostBuckets = 0;

  /** @param atS seconds since 1970. Samples of one moment may come twice, after the clock was set back. */
  add(atS: number, sample: Sample): void {
    const roundedS = stepBegin(atS, SAMPLE_S);
    const isKept = (one: TimedSample): boolean => Math.abs(one.atS - roundedS) < LIVE_S;
    this.recent = [...this.recent.filter(isKept), { atS: roundedS, sample }];
    for (const name of METRIC_NAMES) {
      const value = sample[name];
      if (value === undefined) continue;
      for (const stepS of STORED_STEPS_S) {
        const { number: metric } = METRICS[name];
        this.put({ stepS, atS: stepBegin(atS, stepS), metric, ...bucketOf(value) });
      }
    }
  }

  /** Time of the oldest sample in memory; Infinity without one. */
  get recentSinceS(): number {
    return this.recent[0]?.atS ?? Infinity;
  }

  /** The samples of the last 15 minutes. */
  listRecent(name: MetricName): SeriesPoint[] {
    return this.recent.flatMap(({ atS, sample }) => {
      const value = sample[name];
      return value === undefined ? [] : [{ atS, ...bucketOf(value) }];
    });
  }

  get isEmpty(): boolean {
    return this.waiting.size === 0;
  }

  /** Steps of which samples were lost because they could not be written. */
  get lost(): number {
    return this.lostBuckets;
  }

  /** Returns what is to be written. */
  take(): StoredBucket[] {
    const taken = [...this.waiting.values()];
    this.waiting.clear();
    return taken;
  }

  clear(): void {
    this.recent = [];
    this.waiting.clear();
  }

  private put(bucket: StoredBucket): void {
    const key: Key = `${bucket.stepS} ${bucket.atS} ${bucket.metric}`;
    const known = this.waiting.get(key);
    const merged: Bucket = known === undefined ? bucket : mergeBuckets(known, bucket);
    this.waiting.set(key, { ...bucket, ...merged });
    if (this.waiting.size <= MAX_BUCKETS) return;
    const [oldest] = this.waiting.keys();
    if (oldest !== undefined) this.waiting.delete(oldest);
    this.lostBuckets += 1;
  }
}
