import type { SlotHolder } from './slot-holder';

/**
 * What a slot is wanted for, in the order in which requests are served: a watched stream that has lost its source; a stream
 * that begins; a planned move of a stream whose source still flows; a check that nobody watches.
 */
export const SLOT_CLASSES = ['failover', 'start', 'move', 'probe'] as const;
export type SlotClass = (typeof SLOT_CLASSES)[number];

/** A stream asks for a slot. */
export interface SlotRequest {
  readonly holder: SlotHolder;
  readonly class: SlotClass;
  /** Engines not to be chosen, for example because they just failed on this content. */
  readonly excluded: ReadonlySet<string>;
  /** Only this engine will do. */
  readonly only?: string;
  /**
   * False for a request that still has an alternative: it takes a slot that is free, is being released or can be preempted
   * now, and never waits for one that may come later. Two such requests could otherwise wait for each other's slots. True
   * when left out. `move` and `probe` never wait for a slot and never preempt.
   */
  readonly mayWait?: boolean;
  /** Ends the wait. A lease that was granted before belongs to the caller all the same. */
  readonly signal: AbortSignal;
}
