/** What is known of a source whose newest media are older than what viewers have received. */
export interface SourceLagFacts {
  /** Time that viewers have waited for the source, in ms. */
  readonly waitedMs: number;
  /** Maximum wait, in ms. */
  readonly maxWaitMs: number;
  /** Media that the source still has to deliver to reach the end of the outgoing stream, in ms. */
  readonly lagMs: number;
  /** Reduction of the lag per elapsed time, measured recently; 0 or negative when the lag does not shrink. */
  readonly pace: number;
  /** Remaining credit of the source, see `SourceLagEstimator`. */
  readonly creditMs: number;
}

/** Every source gets this long to catch up. */
const MIN_WAIT_MS = 1500;
/**
 * Maximum time that a source may take to catch up, because viewers see a still picture meanwhile. A source that
 * delivers clearly faster than real time needs less.
 */
export const MAX_CATCH_UP_MS = 10_000;
/** Initial credit, and its maximum. Elapsed time reduces the credit by the same amount. */
const CREDIT_MS = 1000;
/** Credit that is returned per ms of media received. At three times real time the credit never runs out. */
const CREDIT_PER_MEDIA = 1 / 3;
/** After a gap, media that our event loop or the engine has delayed arrive within this time. */
const GUST_MS = 250;
/** Minimum interval over which the pace is measured. */
const PACE_MS = 500;

/**
 * True if the source is expected to catch up within the time that viewers can wait. A source that is entered before it
 * has caught up repeats media that viewers have received.
 */
export function catchesUpInTime(facts: SourceLagFacts): boolean {
  const { waitedMs, maxWaitMs, lagMs, pace, creditMs } = facts;
  if (waitedMs < MIN_WAIT_MS) return true;
  if (waitedMs >= maxWaitMs || creditMs < 0) return false;
  return pace > 0 && waitedMs + lagMs / pace <= maxWaitMs;
}

/**
 * Estimates how fast a source catches up. On a busy machine a burst may arrive with gaps, so two measures are
 * combined. A credit, reduced by elapsed time and increased by media, tells whether the source is faster than real
 * time. The pace over the last 500 to 1000 ms tells when it will have caught up. A source is given up only after 250
 * ms of bad estimates, because media that arrive right after a gap may belong to that gap.
 */
export class SourceLagEstimator {
  private lastMs: number | null = null;
  private lastLagMs = 0;
  private creditMs = CREDIT_MS;
  /** Time and lag at the start of the interval over which the pace is measured. */
  private fromMs = 0;
  private fromLagMs = 0;
  /** Time and lag at the start of the next interval, which is used once it is long enough. */
  private nextMs = 0;
  private nextLagMs = 0;
  private tooSlowSinceMs: number | null = null;

  /** Records that the source lags `lagMs` of media behind. Times never go back. */
  observe(nowMs: number, lagMs: number): void {
    if (this.lastMs === null) {
      this.fromMs = this.nextMs = nowMs;
      this.fromLagMs = this.nextLagMs = lagMs;
    } else {
      const media = this.lastLagMs - lagMs;
      const left = this.creditMs - (nowMs - this.lastMs) + media * CREDIT_PER_MEDIA;
      this.creditMs = Math.min(CREDIT_MS, left);
      if (nowMs - this.nextMs >= PACE_MS) {
        this.fromMs = this.nextMs;
        this.fromLagMs = this.nextLagMs;
        this.nextMs = nowMs;
        this.nextLagMs = lagMs;
      }
    }
    this.lastMs = nowMs;
    this.lastLagMs = lagMs;
  }

  /** True if waiting for the source is still worthwhile. Call after `observe`. */
  isWorthWaiting(waitedMs: number, maxWaitMs: number): boolean {
    const { lastMs: nowMs, lastLagMs: lagMs, creditMs } = this;
    if (nowMs === null) return waitedMs < MIN_WAIT_MS;
    const passedMs = nowMs - this.fromMs;
    const pace = passedMs > 0 ? (this.fromLagMs - lagMs) / passedMs : Infinity;
    if (catchesUpInTime({ waitedMs, maxWaitMs, lagMs, pace, creditMs })) {
      this.tooSlowSinceMs = null;
      return true;
    }
    this.tooSlowSinceMs ??= nowMs;
    return waitedMs < maxWaitMs && nowMs - this.tooSlowSinceMs < GUST_MS;
  }
}
