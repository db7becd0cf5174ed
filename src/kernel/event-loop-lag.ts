/** If the event loop was late by this much or more, that time does not count as silence of a client or an engine. */
const TOLERATED_MS = 1000;

/**
 * Measures by how much the ticks of one interval timer are late. While the event loop was blocked, this process could
 * not receive anything, so clients and engines are not blamed for silence in that time.
 */
export class EventLoopLag {
  /** @param lastTickMs monotonic time at which the first interval begins */
  constructor(
    /** May be changed, together with the timer. */
    public intervalMs: number,
    private lastTickMs: number,
  ) {}

  /** Call at each tick. Returns by how many milliseconds this tick is late; 0 for a usual lag. */
  at(nowMs: number): number {
    const lateMs = this.lateMs(nowMs);
    this.lastTickMs = nowMs;
    return lateMs;
  }

  /** Returns by how many milliseconds the next tick is overdue; 0 for a usual lag. For calls between two ticks. */
  lateMs(nowMs: number): number {
    const lateMs = nowMs - this.lastTickMs - this.intervalMs;
    return lateMs >= TOLERATED_MS ? lateMs : 0;
  }
}
