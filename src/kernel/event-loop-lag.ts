/** From this on, what our own event loop missed is nobody else's silence. */
const TOLERATED_MS = 1000;

/** Tells by how much the looks of one interval timer come late: nobody is judged by what could not be heard meanwhile. */
export class EventLoopLag {
  /** @param lookedMs monotonic time from which the first interval runs */
  constructor(
    private readonly everyMs: number,
    private lookedMs: number,
  ) {}

  /** Call at each look. Milliseconds by which this one is late; 0 while that is nothing unusual. */
  at(nowMs: number): number {
    const lateMs = this.lateMs(nowMs);
    this.lookedMs = nowMs;
    return lateMs;
  }

  /** The same for who comes between two looks: the next one is overdue by this much. */
  lateMs(nowMs: number): number {
    const lateMs = nowMs - this.lookedMs - this.everyMs;
    return lateMs >= TOLERATED_MS ? lateMs : 0;
  }
}
