import type { SlotState } from './slot-state';
import type { SlotHolder } from './slot-holder';
import type { SlotClass } from './slot-request';

/** Who watches a stream, and since when. */
export type WatchFacts = Pick<SlotHolder, 'watch' | 'watchSinceMs'>;

/** A held slot, as far as it matters for preemption. */
export interface SlotFacts {
  readonly class: SlotClass;
  readonly state: SlotState;
  /** It was told to go already. */
  readonly isRevoked: boolean;
  /** Monotonic ms at which its engine was first asked for the stream. */
  readonly sinceMs: number;
  readonly holder: WatchFacts;
}

/**
 * The slot that has to be given up for a request of class `by` that found none free; null when there is none.
 *
 * 1. A slot of a stream that nobody watches, for any start or failover: first streams without viewers, then those that are
 *    only checked, those that a client holds and has not opened, and last those whose viewers are paused and may come back; of
 *    these the one unwatched longest.
 * 2. For a start: the oldest start without media that has had `overdueMs`. A younger one is never ended, because cold starts
 *    of working channels take 10 to 25 s.
 * 3. For a failover: the oldest slot of a stream without media. Viewers who have a picture go before those who wait for one.
 *
 * Moves and probes preempt nobody.
 *
 * @param slots those that the request could use
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

/** The stream that is missed least among those that nobody watches; null when all are watched. */
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
