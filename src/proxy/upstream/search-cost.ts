import type { SourceBudget } from '../mpegts';

/** Transport packets, PES packets or random access points that can be examined for one budget unit. */
const STEPS_PER_UNIT = 100;
/** Bytes whose PES packets can be read again, hashes included, for one budget unit. */
const BYTES_PER_UNIT = 10 * 188;

/** Budget units for reading the PES packets of `bytes` again. */
export function unitsForBytes(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_UNIT);
}

/**
 * Counts the items that the search for a splice point examines. While nothing changes, each item is examined only
 * once, so the cost stays below the budget units that the source's own bytes restore.
 */
export class SearchCost {
  /** Items examined so far. */
  steps = 0;
  private paid = 0;

  /** Charges the steps since the last call. False if the source has exceeded its budget. */
  pay(budget: SourceBudget): boolean {
    const units = Math.floor((this.steps - this.paid) / STEPS_PER_UNIT);
    this.paid += units * STEPS_PER_UNIT;
    return budget.spend('splice_search', units);
  }
}
