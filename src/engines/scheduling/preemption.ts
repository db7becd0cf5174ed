import type { SlotState } from './slot-state';
import type { SlotHolder } from './slot-holder';
import type { SlotClass } from './slot-request';

/** Whether a stream is watched, and since when. */
export type WatchFacts = Pick<SlotHolder, 'watch' | 'watchSinceMs'>;

/** The facts about a held slot that decide its preemption. */
export interface SlotFacts {
  readonly class: SlotClass;
  readonly state: SlotState;
  /** True if its stream was already told to leave. */
  readonly isRevoked: boolean;
  /** Monotonic ms at which the slot was granted. */
  readonly sinceMs: number;
  readonly holder: WatchFacts;
}

/**
 * Chooses the slot to preempt for a request of class `by` that found no free slot; null if there is none.
 *
 * 1. For any start or failover: a slot of a stream that is not `watched`. The order is `unwatched`, `checked`, `held`
 *    (a client has the address but has not opened it yet), `paused`. Streams with paused viewers are last, because
 *    these viewers may come back. (`held` streams count as watched in the order of service, but not here.) Among
 *    streams with the same `watch`, the one with the earliest `watchSinceMs` is chosen.
 * 2. For a start: the oldest start without media that has used `overdueMs`. A younger one is never ended, because
 *    cold starts of working channels take 10 to 25 s.
 * 3. For a failover: the oldest slot of a stream without media, because viewers who had a picture go before viewers who
 *    still wait for their first one.
 *
 * A slot of class `failover` is preempted only by rule 1.
 *
 * Moves and probes preempt nothing.
 *
 * @param slots the slots that the request could use
 * @param overdueMs half of the start budget
 */
export function selectVictim<T extends SlotFacts>(
  by: SlotClass,
  slots: Iterable<T>,
  nowMs: number,
  overdueMs: number,
): T | null {
  if (by === 'move' || by === 'probe') return null;
  const held = [...slots].filter(
    ({ state, isRevoked }) => state !== 'releasing' && state !== 'released' && !isRevoked,
  );
  const unwatched = firstToEnd(held);
  if (unwatched !== null) return unwatched;
  return first(
    held.filter((slot) => isPreemptible(slot, by, nowMs, overdueMs)),
    byAge,
  );
}

/**
 * Returns the stream that should end first when slots are needed, by rule 1 of `selectVictim`; null if all are
 * `watched`.
 */
export function firstToEnd<T extends { readonly holder: WatchFacts }>(
  streams: readonly T[],
): T | null {
  for (const watch of ['unwatched', 'checked', 'held', 'paused'] as const) {
    const least = first(
      streams.filter(({ holder }) => holder.watch === watch),
      ({ holder }) => holder.watchSinceMs,
    );
    if (least !== null) return least;
  }
  return null;
}

function isPreemptible(slot: SlotFacts, by: SlotClass, nowMs: number, overdueMs: number): boolean {
  if (slot.state === 'confirmed' || slot.class === 'failover') return false;
  return by === 'failover' || nowMs - slot.sinceMs >= overdueMs;
}

const byAge = ({ sinceMs }: SlotFacts): number => sinceMs;

function first<T>(slots: readonly T[], key: (slot: T) => number): T | null {
  return slots.reduce<T | null>(
    (best, slot) => (best === null || key(slot) < key(best) ? slot : best),
    null,
  );
}
