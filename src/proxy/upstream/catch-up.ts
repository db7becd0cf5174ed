/** What is known of a source that is still in the past of what viewers had. */
export interface CatchUpFacts {
  /** For so long it has been waited for. */
  readonly waitedMs: number;
  /** Beyond this it is not waited for. */
  readonly longestMs: number;
  /** Media that it lacks, in ms. */
  readonly behindMs: number;
  /** Media of that which came lately per time that went by; at most 0 when it comes no nearer. */
  readonly pace: number;
  /** What is left of the trust in it, see `CatchUpGauge`. */
  readonly patienceMs: number;
}

/** Without any question. */
const SHORTEST_WAIT_MS = 1500;
/** The burst of a source that comes clearly faster than time goes by is here by then, or it is not worth a still picture. */
export const LONGEST_CATCH_UP_MS = 10_000;
/** Time is spent from this … */
const PATIENCE_MS = 1000;
/** … and media give back this share of theirs: at three times the wall clock's pace it never ends. */
const GIVEN_BACK = 1 / 3;
/** What our own loop was late with, or the engine gives by the piece, is here so soon after the first of it. */
const SETTLE_MS = 250;
const PACE_MS = 500;

/**
 * Whether a source looks as if it came to the end of what viewers had within the time that they can be kept
 * waiting. What is entered before it is there repeats what it lacks.
 */
export function arrivesInTime(facts: CatchUpFacts): boolean {
  const { waitedMs, longestMs, behindMs, pace, patienceMs } = facts;
  if (waitedMs < SHORTEST_WAIT_MS) return true;
  if (waitedMs >= longestMs || patienceMs < 0) return false;
  return pace > 0 && waitedMs + behindMs / pace <= longestMs;
}

/**
 * Measures how a source comes nearer. Its burst may come in gusts, through a busy machine, so two things are asked: a
 * patience that time spends and media give back, for whether it really comes faster than time goes by; and the pace of
 * the last half second or second, for when it is there. No single look gives it up before the longest wait is over: what
 * comes in the quarter of a second after a gap may belong to the gap.
 */
export class CatchUpGauge {
  private lastMs: number | null = null;
  private lastBehindMs = 0;
  private patienceMs = PATIENCE_MS;
  /** The pace is measured from here, … */
  private fromMs = 0;
  private fromBehindMs = 0;
  /** … and from here once that is long enough. */
  private nextMs = 0;
  private nextBehindMs = 0;
  private hopelessSinceMs: number | null = null;

  /** `behindMs`: media that the source lacks now. Times never go back. */
  look(nowMs: number, behindMs: number): void {
    if (this.lastMs === null) {
      this.fromMs = this.nextMs = nowMs;
      this.fromBehindMs = this.nextBehindMs = behindMs;
    } else {
      const media = this.lastBehindMs - behindMs;
      const left = this.patienceMs - (nowMs - this.lastMs) + media * GIVEN_BACK;
      this.patienceMs = Math.min(PATIENCE_MS, left);
      if (nowMs - this.nextMs >= PACE_MS) {
        this.fromMs = this.nextMs;
        this.fromBehindMs = this.nextBehindMs;
        this.nextMs = nowMs;
        this.nextBehindMs = behindMs;
      }
    }
    this.lastMs = nowMs;
    this.lastBehindMs = behindMs;
  }

  /** Whether to wait on, after a look. */
  isWorthWaiting(waitedMs: number, longestMs: number): boolean {
    const { lastMs: nowMs, lastBehindMs: behindMs, patienceMs } = this;
    if (nowMs === null) return waitedMs < SHORTEST_WAIT_MS;
    const passedMs = nowMs - this.fromMs;
    const pace = passedMs > 0 ? (this.fromBehindMs - behindMs) / passedMs : Infinity;
    if (arrivesInTime({ waitedMs, longestMs, behindMs, pace, patienceMs })) {
      this.hopelessSinceMs = null;
      return true;
    }
    this.hopelessSinceMs ??= nowMs;
    return waitedMs < longestMs && nowMs - this.hopelessSinceMs < SETTLE_MS;
  }
}
