export interface LagFacts {
  /** Media in ms between the viewer's cursor and the head; null if the stream has no clock. */
  readonly behindMs: number | null;
  /** Backlog granted when the viewer joined; 0 once it has caught up. It is never counted as lag. */
  readonly grantedMs: number;
  /** True if the ring has dropped the bytes at the cursor. */
  readonly overtaken: boolean;
  /** Jumps of this viewer within the last minute. */
  readonly recentJumps: number;
}

export type LagVerdict = 'keep' | 'jump' | 'cut';

/** A viewer with more jumps per minute would see only single pictures, so it is disconnected instead. */
export const MAX_JUMPS_PER_MINUTE = 5;

/** Decides what to do with a viewer who lags. `maxLagMs` must be the value of `effectiveMaxLagMs`. */
export function classifyLag(facts: LagFacts, maxLagMs: number): LagVerdict {
  const lagMs = facts.behindMs === null ? 0 : facts.behindMs - facts.grantedMs;
  if (!facts.overtaken && lagMs <= maxLagMs) return 'keep';
  return facts.recentJumps >= MAX_JUMPS_PER_MINUTE ? 'cut' : 'jump';
}

/** Lag after which a viewer jumps, limited by the media that the ring can hold. */
export function effectiveMaxLagMs(settingMs: number, ringCapacityMs: number): number {
  return Math.min(settingMs, ringCapacityMs * 0.8);
}

/**
 * Target of a jump, in media ms behind live: as far back as the viewer wants, but within the newer half of the ring,
 * which is not dropped soon.
 */
export function jumpBehindMs(wantedMs: number, ringCapacityMs: number): number {
  return Math.min(wantedMs, ringCapacityMs / 2);
}

export interface ProgressFacts {
  /** Bytes handed to the socket that the kernel has not accepted yet. */
  readonly unsentBytes: number;
  /** Monotonic time since the kernel last accepted a byte, or since bytes began to wait. */
  readonly sinceProgressMs: number;
}

/**
 * After this long without progress a viewer counts as paused or gone, and no longer as watching. The transfer of an
 * HLS segment is aborted then.
 */
export const PAUSED_AFTER_MS = 15_000;

export type Progress = 'flows' | 'paused' | 'stalled';

/**
 * Classifies a viewer by its progress. Only bytes that the kernel has accepted count. A socket without unsent bytes
 * waits for us, so its viewer is not paused. A `stalled` viewer must be disconnected.
 */
export function classifyProgress(facts: ProgressFacts, stallTimeoutMs: number): Progress {
  const { unsentBytes, sinceProgressMs } = facts;
  if (unsentBytes === 0) return 'flows';
  if (sinceProgressMs >= stallTimeoutMs) return 'stalled';
  return sinceProgressMs >= PAUSED_AFTER_MS ? 'paused' : 'flows';
}
