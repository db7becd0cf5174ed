import { ticksBetween } from './pes';

/** PIDs beside the programme that are watched; a transponder has fewer. */
const MAX_OTHERS = 256;
/** Longer steps are another time base. */
const MAX_STEP_TICKS = 10 * 90_000;
const TICKS_PER_MS = 90;

interface Other {
  /** Of the programme, when this was seen last. */
  sign: number;
  lastTicks: number;
  shownTicks: number;
  sinceClockMs: number | null;
}

/**
 * Watches PIDs outside of the programme, so that one that carries nothing is told from a stream that carries nothing: an
 * engine may give a transponder whose first programme is off air.
 */
export class OtherProgrammes {
  /** PES packets of the programme that is played. */
  signs = 0;
  private readonly others = new Map<number, Other>();

  /** A PES packet of the programme begins: it is on air. */
  playedShows(): void {
    this.signs++;
  }

  /** A PES packet of another PID begins; returns how much of it has come since the programme showed something, in ms. */
  otherShows(pid: number, ticks: number, clockMs: number | null): number {
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

  /** Something of this PID has come since the programme showed anything. */
  isShown(pid: number): boolean {
    return this.others.get(pid)?.sign === this.signs;
  }

  /** Another programme is played, or PIDs have other meanings. */
  reset(): void {
    this.signs++;
    this.others.clear();
  }
}
