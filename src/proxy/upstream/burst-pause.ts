export interface BurstFacts {
  /** Media received since the source began, minus the wall time since then, in ms. */
  readonly aheadMs: number;
  /** Media between the fastest viewer and the head; null without viewers. */
  readonly fastestBehindMs: number | null;
  /** Bytes between the fastest viewer and the head, as a share of what the ring can hold; null without viewers. */
  readonly fastestBehindShare: number | null;
  /**
   * Lag at which a viewer would be moved forward. The pause must begin earlier, so that the burst is not mistaken for
   * lag.
   */
  readonly maxLagMs: number;
  readonly pausedForMs: number;
  /** Longest uninterrupted pause: PROXY_STALL_TIMEOUT. */
  readonly maxPauseMs: number;
}

const AHEAD_MS = 10_000;
const BEHIND_SHARE = 0.75;

/**
 * True if the upstream should be paused. Engines begin with a burst from their cache that may exceed the ring, so the
 * burst is held back until the fastest viewer has read most of it. The upstream is never paused without viewers, nor
 * for so long that the engine gives up. If viewers are allowed little lag, or the ring is small, the pause begins
 * before the usual 10 s.
 */
export function shouldPause(facts: BurstFacts): boolean {
  if (facts.pausedForMs >= facts.maxPauseMs) return false;
  if (facts.fastestBehindMs === null || facts.fastestBehindShare === null) return false;
  // The next bytes would overtake even the fastest viewer, regardless of media time.
  if (facts.fastestBehindShare > BEHIND_SHARE) return true;
  const limitMs = Math.min(AHEAD_MS, facts.maxLagMs / 2);
  return facts.aheadMs > limitMs && facts.fastestBehindMs > limitMs;
}

const GROWTH_MS = 100;
const SETTLED_AFTER_MS = 3000;

/**
 * Detects the end of a source's burst, when media no longer arrive faster than real time. After that the upstream is
 * not paused any more, and the fan-out deals with slow viewers.
 */
export class BurstDetector {
  private peakMs = 0;
  private grewAtMs: number;
  private isOver = false;

  constructor(nowMs: number) {
    this.grewAtMs = nowMs;
  }

  /** True until the burst has ended. Time during which the upstream is paused does not count. */
  isBursting(aheadMs: number, nowMs: number, isPaused: boolean): boolean {
    if (aheadMs > this.peakMs + GROWTH_MS) this.peakMs = aheadMs;
    else if (!isPaused) {
      this.isOver ||= nowMs - this.grewAtMs >= SETTLED_AFTER_MS;
      return !this.isOver;
    }
    this.grewAtMs = nowMs;
    return !this.isOver;
  }
}
