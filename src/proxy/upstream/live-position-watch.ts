import type { EngineLivePosition } from '../../ace';

export type LivePositionFault = 'position_stands_still' | 'position_behind';

export interface LivePositionLimits {
  /** Without growth for this long the position is stale. */
  readonly staleAfterMs: number;
  /** So far behind the wall clock it is stale, where it is a time at all. */
  readonly behindMs: number;
}

/** Positions in these years are unix seconds; all others count pieces and say nothing about the time. */
const FIRST_UNIX_S = Date.UTC(2020, 0, 1) / 1000;
const LAST_UNIX_S = Date.UTC(2050, 0, 1) / 1000;
/** A judgement rests on so many looks at least, however far apart. */
const MIN_LOOKS = 3;
/** A second new numbering within so many times the limit is a loop. */
const RENUMBERS_LOOKED_BACK = 10;

/**
 * Watches the newest position that an engine claims for a live stream. It has to grow: one that stands still, or
 * comes back to where it was again and again, is that of an engine that repeats what it has. A single step back is a
 * broadcast that numbers anew. Looks without a position are no evidence either way and start the watch anew.
 */
export class LivePositionWatch {
  private highest = -Infinity;
  private last = 0;
  private grewMs = 0;
  private looks = 0;
  private stepsBack = 0;
  private renumberedMs = -Infinity;

  constructor(private readonly limits: LivePositionLimits) {}

  reset(): void {
    this.highest = -Infinity;
    this.renumberedMs = -Infinity;
  }

  /** @param unixMs of a clock that nobody sets forward: a position would look old by as much */
  look(
    position: EngineLivePosition | null,
    nowMs: number,
    unixMs: number,
  ): LivePositionFault | null {
    const value = newestOf(position);
    if (value === null) {
      this.reset();
      return null;
    }
    const stands = this.standsStill(value, nowMs);
    const isTime = value >= FIRST_UNIX_S && value <= LAST_UNIX_S;
    if (isTime && unixMs - value * 1000 >= this.limits.behindMs) return 'position_behind';
    return stands ? 'position_stands_still' : null;
  }

  private standsStill(value: number, nowMs: number): boolean {
    if (value > this.highest) {
      this.begin(value, nowMs);
      return false;
    }
    this.looks++;
    if (value < this.last) this.stepsBack++;
    const growsAnew = value > this.last && this.stepsBack === 1;
    this.last = value;
    if (nowMs - this.grewMs < this.limits.staleAfterMs || this.looks < MIN_LOOKS) return false;
    // It stepped back once and has grown ever since: that is a new numbering, unless it does so time and again.
    if (
      !growsAnew ||
      nowMs - this.renumberedMs < RENUMBERS_LOOKED_BACK * this.limits.staleAfterMs
    ) {
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
    this.looks = 0;
    this.stepsBack = 0;
  }
}

function newestOf(position: EngineLivePosition | null): number | null {
  const text = position?.lastTs ?? position?.liveLast ?? position?.last ?? null;
  if (text === null || text.trim() === '') return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}
