import type { SourceBudget } from '../mpegts';

/** Packets, access units or random access points that can be examined for one unit of the budget. */
const STEPS_PER_UNIT = 100;
/** Bytes whose access units can be re-read, hashes included, for one unit of the budget. */
const BYTES_PER_UNIT = 10 * 188;

/** Budget units for re-reading the access units of `bytes`. */
export function unitsForBytes(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_UNIT);
}

/**
 * Counts the items that the search for a splice point examines. Each item is examined once while nothing changes, so
 * the cost stays below the budget that the source's own bytes restore.
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
