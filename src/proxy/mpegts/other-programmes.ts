import { ticksBetween } from './pes';

/** Maximum number of watched PIDs outside the programme; a transponder has fewer. */
const MAX_OTHERS = 256;
/** Longer steps mean another time base. */
const MAX_STEP_TICKS = 10 * 90_000;
const TICKS_PER_MS = 90;

interface Other {
  /** Count of the programme's PES packets when this PID was last seen. */
  sign: number;
  lastTicks: number;
  shownTicks: number;
  sinceClockMs: number | null;
}

/**
 * Watches PIDs outside the programme to distinguish a programme that is off air from a source without media: an engine
 * may deliver a transponder whose first programme is off air.
 */
export class OtherProgrammes {
  /** Number of PES packets of the selected programme. */
  signs = 0;
  private readonly others = new Map<number, Other>();

  /** Records a PES packet of the programme, which proves that it is on air. */
  recordSelected(): void {
    this.signs++;
  }

  /**
   * Records a PES packet of another PID. Returns the media time of that PID since the last PES packet of the
   * programme, in ms.
   */
  recordOther(pid: number, ticks: number, clockMs: number | null): number {
    let other = this.others.get(pid);
    if (other === undefined) {
      if (this.others.size >= MAX_OTHERS) return 0;
      other = { sign: -1, lastTicks: -1, shownTicks: 0, sinceClockMs: null };
      this.others.set(pid, other);
    }
    if (other.sign !== this.signs) {
      other.sign = this.signs;
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

  /** True if this PID sent a PES packet since the last one of the programme. */
  hasSent(pid: number): boolean {
    return this.others.get(pid)?.sign === this.signs;
  }

  /** Call when another programme is selected, or PIDs change their meaning. */
  reset(): void {
    this.signs++;
    this.others.clear();
  }
}
