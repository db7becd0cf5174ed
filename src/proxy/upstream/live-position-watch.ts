import type { EngineLivePosition } from '../../ace';

export type LivePositionFault = 'position_stands_still' | 'position_behind';

export interface LivePositionLimits {
  /** A position that has not grown for this long counts as standing still. */
  readonly staleAfterMs: number;
  /** A position that is a time, and at least this far behind the wall clock, counts as behind. */
  readonly behindMs: number;
}

/** Positions between these years are Unix seconds. All others count pieces of media and tell no time. */
const FIRST_UNIX_S = Date.UTC(2020, 0, 1) / 1000;
const LAST_UNIX_S = Date.UTC(2050, 0, 1) / 1000;
/** Minimum number of observations before a position is classified. */
const MIN_OBSERVATIONS = 3;
/** A second renumbering within this many times `staleAfterMs` means that old data are replayed in a loop. */
const RENUMBER_PERIODS = 10;

/**
 * Watches the newest position that an engine reports for a live stream. The position must grow: an engine whose
 * position stands still, or steps back repeatedly, is replaying old data. A single step back means that the broadcast
 * was renumbered. An observation without a position is no evidence, and resets the watch.
 */
export class LivePositionWatch {
  private highest = -Infinity;
  private last = 0;
  private grewMs = 0;
  private observations = 0;
  private stepsBack = 0;
  private renumberedMs = -Infinity;

  constructor(private readonly limits: LivePositionLimits) {}

  reset(): void {
    this.highest = -Infinity;
    this.renumberedMs = -Infinity;
  }

  /** @param unixMs time of a clock that is never set forward; a forward step would make positions look old */
  observe(
    position: EngineLivePosition | null,
    nowMs: number,
    unixMs: number,
  ): LivePositionFault | null {
    const value = newestOf(position);
    if (value === null) {
      this.reset();
      return null;
    }
    const stands = this.isStale(value, nowMs);
    const isTime = value >= FIRST_UNIX_S && value <= LAST_UNIX_S;
    if (isTime && unixMs - value * 1000 >= this.limits.behindMs) return 'position_behind';
    return stands ? 'position_stands_still' : null;
  }

  private isStale(value: number, nowMs: number): boolean {
    if (value > this.highest) {
      this.begin(value, nowMs);
      return false;
    }
    this.observations++;
    if (value < this.last) this.stepsBack++;
    const isRenumbered = value > this.last && this.stepsBack === 1;
    this.last = value;
    if (nowMs - this.grewMs < this.limits.staleAfterMs || this.observations < MIN_OBSERVATIONS)
      return false;
    // One step back followed by growth is a renumbering, unless renumberings repeat.
    if (!isRenumbered || nowMs - this.renumberedMs < RENUMBER_PERIODS * this.limits.staleAfterMs) {
      return true;
    }
    this.renumberedMs = nowMs;
    this.begin(value, nowMs);
    return false;
  }

  private begin(value: number, nowMs: number): void {
    this.highest = value;
    this.last = value;
    this.grewMs = nowMs;
    this.observations = 0;
    this.stepsBack = 0;
  }
}

function newestOf(position: EngineLivePosition | null): number | null {
  const text = position?.lastTs ?? position?.liveLast ?? position?.last ?? null;
  if (text === null || text.trim() === '') return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}
