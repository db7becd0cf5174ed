/** The start burst counts as over when no media arrived earlier than predicted for this long. */
const SETTLE_MS = 2000;
/** An arrival that is early by more than this restarts the wait: the engine is still sending old media. */
const TOLERANCE_MS = 100;
/** A source whose media never stop arriving early is anchored after this long. */
const MAX_SETTLE_MS = 15_000;

/**
 * Maps one time line to the wall clock. The offset is the minimum of arrival − presentation time, because media can be
 * late but never early. It is fixed once, when the start burst is over, so that published dates never change.
 */
export class ProgrammeDate {
  private offsetMs: number | null = null;
  private lowestMs = Infinity;
  private firstArrivalMs = 0;
  private settlingSinceMs = 0;
  private settledMs = Infinity;

  /** @param wallMinusMonotonicMs wall clock minus monotonic clock, in ms */
  constructor(private readonly wallMinusMonotonicMs: number) {}

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

  /** Wall clock (ms since 1970) of a presentation time; null before the offset is fixed. */
  at(presentedMs: number): number | null {
    return this.offsetMs === null ? null : Math.round(this.offsetMs + presentedMs);
  }
}
