const OVERFLOW = 1;

/**
 * Times in ms, counted in buckets of equal width: constant memory for any number of samples, and quantiles exact to
 * one bucket. Times beyond the last bucket are counted there; `max` is always exact.
 */
export class Histogram {
  private readonly buckets: Uint32Array;
  private total = 0;
  private largest = 0;

  /** @param widthMs width of a bucket; @param limitMs start of the last bucket */
  constructor(
    private readonly widthMs = 0.25,
    limitMs = 60_000,
  ) {
    this.buckets = new Uint32Array(Math.ceil(limitMs / widthMs) + OVERFLOW);
  }

  /** Clocks of two processes may differ slightly: a negative time counts as 0. */
  add(ms: number): void {
    const time = Math.max(0, ms);
    const bucket = Math.min(this.buckets.length - 1, Math.floor(time / this.widthMs));
    this.buckets[bucket] = (this.buckets[bucket] ?? 0) + 1;
    this.total++;
    if (time > this.largest) this.largest = time;
  }

  get count(): number {
    return this.total;
  }

  /** The largest time, or null without samples. */
  get max(): number | null {
    return this.total === 0 ? null : this.largest;
  }

  /** The time (middle of its bucket) that a share `p` (0 to 1) of the samples does not exceed; null without samples. */
  quantile(p: number): number | null {
    if (this.total === 0) return null;
    const rank = Math.max(1, Math.ceil(p * this.total));
    let seen = 0;
    for (let bucket = 0; bucket < this.buckets.length - OVERFLOW; bucket++) {
      seen += this.buckets[bucket] ?? 0;
      if (seen >= rank) return Math.min(this.largest, (bucket + 0.5) * this.widthMs);
    }
    return this.largest;
  }
}
