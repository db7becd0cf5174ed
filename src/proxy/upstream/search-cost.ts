import type { SourceBudget } from '../mpegts';

/** Looks at a packet, a unit or a point that are worth one unit of a source's budget. */
const STEPS_PER_UNIT = 100;
/** Bytes of which units are read again, hashes included, for one unit of the budget. */
const BYTES_PER_UNIT = 10 * 188;

/** What reading the units of so much again takes of a source's budget. */
export function unitsForBytes(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_UNIT);
}

/**
 * Counts what the search for a source's place looks at. Each packet, unit and point is looked at once as long as
 * nothing changes under the search, so that its steps stay below what the source's own bytes give back.
 */
export class SearchCost {
  /** Looks so far. */
  steps = 0;
  private paid = 0;

  /** Takes what was not paid for yet. False when the source has exceeded its budget. */
  pay(budget: SourceBudget): boolean {
    const units = Math.floor((this.steps - this.paid) / STEPS_PER_UNIT);
    this.paid += units * STEPS_PER_UNIT;
    return budget.spend('splice_search', units);
  }
}
