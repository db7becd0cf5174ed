/** What is known of a source whose media are still older than what viewers received. */
export interface SourceLagFacts {
  /** Time that viewers have waited for the source, in ms. */
  readonly waitedMs: number;
  /** Maximum wait, in ms. */
  readonly maxWaitMs: number;
  /** Media that the source still has to deliver to reach the end of the outgoing stream, in ms. */
  readonly lagMs: number;
  /** Recent media time delivered per wall clock time; 0 or negative when the lag does not shrink. */
  readonly pace: number;
  /** Remaining credit of the source, see `SourceLagEstimator`. */
  readonly creditMs: number;
}

/** Every source gets this long to catch up. */
const MIN_WAIT_MS = 1500;
/**
 * A source that delivers clearly faster than real time has caught up within this. A longer still picture is not
 * acceptable.
 */
export const MAX_CATCH_UP_MS = 10_000;
/** Initial credit. Elapsed time reduces it … */
const CREDIT_MS = 1000;
/** … and each ms of media received returns this share of 1 ms. At three times real time the credit never runs out. */
const CREDIT_PER_MEDIA = 1 / 3;
/** After a gap, media that our event loop or the engine delayed arrive within this long. */
const GUST_MS = 250;
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
 * Estimates how fast a source catches up. A burst may arrive in gusts on a busy machine, so two measures are combined.
 * A credit, reduced by elapsed time and increased by media, tells whether the source is faster than real time. The
 * pace over the last 500 to 1000 ms tells when it will have caught up. A source is given up only after 250 ms of bad
 * estimates, because media that arrive right after a gap may belong to that gap.
 */
export class SourceLagEstimator {
  private lastMs: number | null = null;
  private lastLagMs = 0;
  private creditMs = CREDIT_MS;
  /** Start of the interval over which the pace is measured … */
  private fromMs = 0;
  private fromLagMs = 0;
  /** … and start of the next interval, used once it is long enough. */
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
