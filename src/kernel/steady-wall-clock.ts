import { monotonicMs } from './clock';

/**
 * A wall clock for judging the age of times that other programs report. If somebody sets the machine's clock by
 * hours, every reported time looks hours old, or in the future. So this clock continues the earliest time that the
 * wall clock has ever shown, with the monotonic clock: it follows at once when the wall clock is set back, and not
 * before the next start when it is set forward. A reported time may look younger than it is, but never older.
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
