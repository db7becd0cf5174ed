/** How often something may happen within a time that slides along; limit 0 is none. */
export interface SwitchBound {
  readonly limit: number;
  readonly windowMs: number;
}

/** Of these times (any order, ms) those that still count at `nowMs`. */
export function stillCounting(
  switchesMs: readonly number[],
  nowMs: number,
  { windowMs }: SwitchBound,
): number[] {
  return switchesMs.filter((ms) => nowMs - ms < windowMs);
}

/** Whether one more switch at `nowMs` would be too many. */
export function isSpent(switchesMs: readonly number[], nowMs: number, bound: SwitchBound): boolean {
  return bound.limit > 0 && stillCounting(switchesMs, nowMs, bound).length >= bound.limit;
}

/** The switches of one stream's source that nobody planned. */
export class SwitchLimit {
  private switchesMs: number[] = [];

  constructor(private readonly bound: SwitchBound) {}

  /** Size: no more than count, and never more than the limit and one. */
  note(nowMs: number): void {
    const kept = stillCounting(this.switchesMs, nowMs, this.bound);
    this.switchesMs = [...kept, nowMs].slice(-(this.bound.limit + 1));
  }

  isSpent(nowMs: number): boolean {
    return isSpent(this.switchesMs, nowMs, this.bound);
  }

  describe(): string {
    const { limit, windowMs } = this.bound;
    const times = limit === 1 ? 'once' : `${limit} times`;
    return `The source was lost ${times} within ${windowMs / 1000} s and another one taken; it was lost again.`;
  }
}
