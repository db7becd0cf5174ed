export interface LagFacts {
  /** Media milliseconds between the viewer's cursor and the head; null when the stream has no clock. */
  readonly behindMs: number | null;
  /** Backlog granted when the viewer joined; 0 once it has caught up. Never counted as lag. */
  readonly grantedMs: number;
  /** The cursor's bytes have left the ring. */
  readonly overtaken: boolean;
  /** Jumps of this viewer within the last minute. */
  readonly recentJumps: number;
}

export type LagVerdict = 'keep' | 'jump' | 'cut';

/** Beyond this many jumps a minute the viewer sees no more than slides: a reset is the more honest answer. */
export const MAX_JUMPS_PER_MINUTE = 5;

/**
 * What becomes of a viewer who is behind. `maxLagMs` is already the smaller of
 * the setting and 80 % of what the ring can hold.
 */
export function judgeLag(facts: LagFacts, maxLagMs: number): LagVerdict {
  const lagMs = facts.behindMs === null ? 0 : facts.behindMs - facts.grantedMs;
  if (!facts.overtaken && lagMs <= maxLagMs) return 'keep';
  return facts.recentJumps >= MAX_JUMPS_PER_MINUTE ? 'cut' : 'jump';
}

/** The lag after which a viewer jumps, given how much media the ring can hold. */
export function effectiveMaxLagMs(settingMs: number, ringCapacityMs: number): number {
  return Math.min(settingMs, ringCapacityMs * 0.8);
}

/**
 * Where a jump goes, in media ms behind live: as far back as the viewer wants to be, within the half of the ring that
 * is in no danger of being dropped at once.
 */
export function jumpBehindMs(wantedMs: number, ringCapacityMs: number): number {
  return Math.min(wantedMs, ringCapacityMs / 2);
}

export interface ProgressFacts {
  /** Bytes handed to the socket that the kernel has not accepted yet. */
  readonly unsentBytes: number;
  /** Monotonic time since the kernel last accepted a byte, or since nothing was pending. */
  readonly sinceProgressMs: number;
}

/**
 * Somebody pressed pause, or is gone without a word: after so long a viewer does not count as watching, and a transfer
 * that has an end of its own is over.
 */
export const PAUSED_AFTER_MS = 15_000;

export type Progress = 'flows' | 'paused' | 'stalled';

/**
 * What a viewer who takes nothing is. Only bytes that the kernel accepted count as life: an idle socket with nothing
 * pending waits for us. `stalled`: it is to be cut.
 */
export function judgeProgress(facts: ProgressFacts, stallTimeoutMs: number): Progress {
  const { unsentBytes, sinceProgressMs } = facts;
  if (unsentBytes === 0) return 'flows';
  if (sinceProgressMs >= stallTimeoutMs) return 'stalled';
  return sinceProgressMs >= PAUSED_AFTER_MS ? 'paused' : 'flows';
}
