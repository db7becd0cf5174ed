/**
 * Kinds of work that the number of packets of a source does not limit. Each name is part of a reason code, such as
 * `excessive_tables`.
 */
export type StructuralWork =
  'tables' | 'join_points' | 'timeline_breaks' | 'segments' | 'splice_search';

/** One budget unit is about the work of scanning five packets: 5 to 10 µs on one core. */
export interface SourceBudgetLimits {
  /** Units that a source may use at once. */
  readonly burst: number;
  /** Units restored per second of arrival. */
  readonly perSecond: number;
  /** Units restored per KiB of media. */
  readonly perKib: number;
}

/**
 * Broadcasts use less than a tenth of this: a transponder repeats up to 64 tables ten times a second, and a stream has
 * at most about 300 access units a second.
 */
export const SOURCE_BUDGET: SourceBudgetLimits = { burst: 20_000, perSecond: 2_000, perKib: 1 };

/** Holds the budget of the current source, which changes with the source. */
export interface BudgetHolder {
  readonly budget: SourceBudget;
}

/**
 * Bounds the structural work that one source may cause, so that malicious content cannot block the event loop for
 * other streams. A source that exceeds its budget must be ended; until then no more work is done for it.
 */
export class SourceBudget {
  private left: number;
  private lowest: number;
  private lastMs: number | null = null;
  private exceeded: StructuralWork | null = null;

  constructor(private readonly limits: SourceBudgetLimits = SOURCE_BUDGET) {
    this.left = limits.burst;
    this.lowest = limits.burst;
  }

  /** The kind of work that was refused first; null while the source is within its budget. */
  get exceededBy(): StructuralWork | null {
    return this.exceeded;
  }

  /** The largest share of `burst` that was ever used, 0 to 1. */
  get highestUse(): number {
    return 1 - Math.max(0, this.lowest) / this.limits.burst;
  }

  /** Restores units for `bytes` that arrived at the monotonic time `nowMs`. */
  arrived(bytes: number, nowMs: number): void {
    const { burst, perSecond, perKib } = this.limits;
    const elapsedMs = this.lastMs === null ? 0 : Math.max(0, nowMs - this.lastMs);
    this.lastMs = nowMs;
    const credit = (elapsedMs * perSecond) / 1000 + (bytes * perKib) / 1024;
    this.left = Math.min(burst, this.left + credit);
  }

  /** Charges `units` before the work is done. Returns false if the work must not be done, now or later. */
  spend(work: StructuralWork, units: number): boolean {
    if (this.exceeded !== null) return false;
    this.left -= units;
    this.lowest = Math.min(this.lowest, this.left);
    if (this.left >= 0) return true;
    this.exceeded = work;
    return false;
  }
}
