import { monotonicMs } from './clock';

/**
 * A wall clock for judging how old the times are that other programs report. If somebody sets the machine's clock
 * forward by hours, every reported time would look hours old. So this clock is the monotonic clock plus the smallest
 * difference between wall clock and monotonic clock that was ever seen. It follows at once when the wall clock is set
 * back, and only after a restart when the wall clock is set forward. A reported time may look younger than it is, but
 * never older.
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
