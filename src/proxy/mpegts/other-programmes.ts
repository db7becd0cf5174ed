import { ticksBetween } from './pes';

/** Maximum number of PIDs outside the programme that are watched; a transponder has fewer. */
const MAX_OTHERS = 256;
/** A longer step between the timestamps of a PID means another time base. */
const MAX_STEP_TICKS = 10 * 90_000;
const TICKS_PER_MS = 90;

interface Other {
  /** `pesCount` when this PID was last seen; −1 before that. */
  seenAtCount: number;
  lastTicks: number;
  /** Media of this PID since the last PES packet of the programme, by its own timestamps. */
  shownTicks: number;
  /** Media time at its first PES packet since the last one of the programme. */
  sinceClockMs: number | null;
}

/**
 * Watches the PIDs outside the programme, so that a programme that is off air can be told from a source that sends
 * nothing. An engine may deliver a whole transponder whose first programme is off air.
 */
export class OtherProgrammes {
  /** Number of PES packets of the programme; also increased by `reset`. */
  pesCount = 0;
  private readonly others = new Map<number, Other>();

  /** Records a PES packet of the programme, which shows that it is on air. */
  recordSelected(): void {
    this.pesCount++;
  }

  /**
   * Records a PES packet of another PID. Returns the media time of that PID since the last PES packet of the
   * programme, in ms.
   */
  recordOther(pid: number, ticks: number, clockMs: number | null): number {
    let other = this.others.get(pid);
    if (other === undefined) {
      if (this.others.size >= MAX_OTHERS) return 0;
      other = { seenAtCount: -1, lastTicks: -1, shownTicks: 0, sinceClockMs: null };
      this.others.set(pid, other);
    }
    if (other.seenAtCount !== this.pesCount) {
      other.seenAtCount = this.pesCount;
      other.shownTicks = 0;
      other.sinceClockMs = clockMs;
    } else if (ticks >= 0 && other.lastTicks >= 0) {
      const step = ticksBetween(other.lastTicks, ticks);
      if (step > 0 && step <= MAX_STEP_TICKS) other.shownTicks += step;
    }
    other.lastTicks = ticks;
    if (ticks >= 0) return other.shownTicks / TICKS_PER_MS;
    return clockMs === null || other.sinceClockMs === null ? 0 : clockMs - other.sinceClockMs;
  }

  /** True if this PID has sent a PES packet since the last one of the programme. */
  hasSent(pid: number): boolean {
    return this.others.get(pid)?.seenAtCount === this.pesCount;
  }

  /** Call when another programme is chosen, because PIDs then change their meaning. */
  reset(): void {
    this.pesCount++;
    this.others.clear();
  }
}
