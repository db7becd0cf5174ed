import { monotonicMs } from './clock';

/**
 * The wall clock for judging how old the times are that others tell. Whoever sets the clock of the machine by hours makes
 * everything look hours old, or from the future. So the wall clock is carried on by the monotonic one from the earliest
 * that it has ever said: set back it is believed at once, set forward not before the next start. By it a time
 * may look younger than it is, but never older.
 */
export class SteadyWallClock {
  private offsetMs = Infinity;

  constructor(
    private readonly wallMs: () => number = () => Date.now(),
    private readonly now: () => number = monotonicMs,
  ) {
    this.unixMs();
  }

  unixMs(): number {
    const nowMs = this.now();
    this.offsetMs = Math.min(this.offsetMs, this.wallMs() - nowMs);
    return nowMs + this.offsetMs;
  }
}
