/** The start burst counts as over when no smaller offset has been measured for this long. */
const SETTLE_MS = 2000;
/** An offset that is smaller by more than this restarts the wait, because the engine is still sending old media. */
const TOLERANCE_MS = 100;
/** The offset is fixed after this time at the latest, even if the start burst is not over. */
const MAX_SETTLE_MS = 15_000;

/**
 * Converts presentation times of one timeline to wall clock times by adding an offset. The offset is the smallest
 * difference between the arrival and the presentation time of a unit, because media can be late but never early. It is
 * fixed when the start burst is over, so that published dates never change.
 */
export class ProgrammeDate {
  /** Wall clock minus presentation time; null until it is fixed. */
  private offsetMs: number | null = null;
  /** The smallest difference so far between arrival and presentation time. */
  private lowestMs = Infinity;
  private firstArrivalMs = 0;
  private settlingSinceMs = 0;
  /** The difference at `settlingSinceMs`, when the wait for the end of the start burst last began. */
  private settledMs = Infinity;

  /** @param wallMinusMonotonicMs wall clock minus monotonic clock, in ms */
  constructor(private readonly wallMinusMonotonicMs: number) {}

  /** Takes the arrival and the presentation time of a unit, both in ms. */
  observe(arrivedMs: number, presentedMs: number): void {
    if (this.offsetMs !== null) return;
    const offset = arrivedMs - presentedMs;
    if (this.lowestMs === Infinity) {
      this.firstArrivalMs = arrivedMs;
    }
    if (offset < this.settledMs - TOLERANCE_MS) {
      this.settledMs = offset;
      this.settlingSinceMs = arrivedMs;
    }
    this.lowestMs = Math.min(this.lowestMs, offset);
    const isSettled = arrivedMs - this.settlingSinceMs >= SETTLE_MS;
    if (isSettled || arrivedMs - this.firstArrivalMs >= MAX_SETTLE_MS) {
      this.offsetMs = this.lowestMs + this.wallMinusMonotonicMs;
    }
  }

  /** Returns the wall clock time of a presentation time, in ms since 1970; null before the offset is fixed. */
  at(presentedMs: number): number | null {
    return this.offsetMs === null ? null : Math.round(this.offsetMs + presentedMs);
  }
}
