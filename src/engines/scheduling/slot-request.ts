import type { SlotHolder } from './slot-holder';

/**
 * What a slot is wanted for, in the order in which requests are served: a watched stream that has lost its source; a stream
 * that begins; a planned move of a stream whose source still flows; a check that nobody watches.
 */
export const SLOT_CLASSES = ['failover', 'start', 'move', 'probe'] as const;
export type SlotClass = (typeof SLOT_CLASSES)[number];

/**
 * What a request waits for when it finds no free slot, and none that is being released or can be preempted for it:
 *
 * - `slot`: for one that may come free, and for an engine that may come;
 * - `answer`: for earlier starts on an engine with a free slot, until it may be asked;
 * - `nothing`.
 *
 * A request that still has an alternative must not wait for a slot: two such requests could wait for each other's.
 */
export type WaitFor = 'slot' | 'answer' | 'nothing';

/** A stream asks for a slot. */
export interface SlotRequest {
  readonly holder: SlotHolder;
  readonly class: SlotClass;
  /** Engines not to be chosen, for example because they just failed on this content. */
  readonly excluded: ReadonlySet<string>;
  /** Only this engine will do. */
  readonly only?: string;
  /** `slot` when left out. Moves and probes wait for an answer at most. */
  readonly waitFor?: WaitFor;
  /** Ends the wait. A lease that was granted before belongs to the caller all the same. */
  readonly signal: AbortSignal;
}
