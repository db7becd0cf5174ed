import type { SlotHolder } from './slot-holder';

/**
 * What a slot is needed for:
 * - `failover`: a watched stream has lost its source;
 * - `start`: a stream starts;
 * - `move`: a planned move of a stream whose source still flows;
 * - `probe`: a content check; its stream is never watched.
 *
 * Requests of watched streams are served in this order. Requests of unwatched streams come last, by arrival.
 */
export const SLOT_CLASSES = ['failover', 'start', 'move', 'probe'] as const;
export type SlotClass = (typeof SLOT_CLASSES)[number];

/**
 * What a request may wait for if there is no free slot, and none that is being released or can be preempted for it.
 *
 * - `slot`: a slot that may become free, or a further engine;
 * - `answer`: the answers to earlier starts on an engine with a free slot;
 * - `nothing`.
 *
 * A request that still has an alternative must not wait for a slot, because two such requests could wait for each
 * other's slots.
 */
export type WaitFor = 'slot' | 'answer' | 'nothing';

/** A request of a stream for a slot. */
export interface SlotRequest {
  readonly holder: SlotHolder;
  readonly class: SlotClass;
  /** Engines that must not be chosen, for example because they just failed on this content. */
  readonly excluded: ReadonlySet<string>;
  /** If set, only this engine may be chosen. */
  readonly only?: string;
  /** `slot` if left out. Moves and probes wait at most for an answer. */
  readonly waitFor?: WaitFor;
  /** Ends the wait. If it aborts before the lease is returned, the slot is released and the call throws. */
  readonly signal: AbortSignal;
}
