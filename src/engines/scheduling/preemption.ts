import type { SlotState } from './slot-state';
import type { SlotHolder } from './slot-holder';
import type { SlotClass } from './slot-request';

/** Whether a stream is watched, and since when. */
export type WatchFacts = Pick<SlotHolder, 'watch' | 'watchSinceMs'>;

/** The facts about a held slot that decide its preemption. */
export interface SlotFacts {
  readonly class: SlotClass;
  readonly state: SlotState;
  /** True if its owner was already told to release it. */
  readonly isRevoked: boolean;
  /** Monotonic ms at which its engine was first asked for the stream. */
  readonly sinceMs: number;
  readonly holder: WatchFacts;
}

/**
 * Chooses the slot to preempt for a request of class `by` that found no free slot; null if there is none.
 *
 * 1. For any start or failover: a slot of an unwatched stream. Streams without viewers come first, then streams that
 * are only checked, then streams that a client holds and has not opened, and last those with paused viewers, who may
 * come back. Of these, the stream that is unwatched longest.
 * 2. For a start: the oldest start without media that has used `overdueMs`. A younger one is never ended, because cold
 * starts of working channels take 10 to 25 s.
 * 3. For a failover: the oldest slot of a stream without media, because viewers who have a picture go before those who
 * wait for one.
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
  const unwatched = leastMissed(held);
  if (unwatched !== null) return unwatched;
  return first(
    held.filter((slot) => isPreemptible(slot, by, nowMs, overdueMs)),
    byAge,
  );
}

/** The first stream to end among those that are not watched, by the same order; null if all are watched. */
export function leastMissed<T extends { readonly holder: WatchFacts }>(
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
