/** So long nothing may have come earlier than foreseen before the burst counts as over. */
const SETTLE_MS = 2000;
/** An earlier arrival than this begins the wait anew: the engine is still sending its past. */
const TOLERANCE_MS = 100;
/** A source that is early for ever is anchored all the same. */
const MAX_SETTLE_MS = 15_000;

/**
 * Ties one time line to the wall clock: the minimum of arrival − presentation time, because media may come late
 * but never before they are made. Anchored once, when the start burst is over, and never moved: a date that
 * was told stays.
 */
export class ProgrammeDate {
  private offsetMs: number | null = null;
  private lowestMs = Infinity;
  private firstArrivalMs = 0;
  private settlingSinceMs = 0;
  private settledMs = Infinity;

  /** @param wallMinusMonotonicMs what turns monotonic times into the wall clock's */
  constructor(private readonly wallMinusMonotonicMs: number) {}

  note(arrivedMs: number, presentedMs: number): void {
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

  /** Wall clock (ms since 1970) of a presentation time; null before it is anchored. */
  at(presentedMs: number): number | null {
    return this.offsetMs === null ? null : Math.round(this.offsetMs + presentedMs);
  }
}
