import type { StreamHistory } from '../upstream';
import type { Viewer } from '../viewers';

type JoinPlace = ReturnType<StreamHistory['firstJoinPoint']>;

/**
 * Where a viewer begins. Who waited for the start gets everything there is, unless it said what it
 * wants. Null while nobody can join.
 */
export function joinPlaceFor(
  viewer: Pick<Viewer, 'askedBehindMs' | 'joinedMs'>,
  history: StreamHistory,
  readyMs: number | null,
  usualBehindMs: number,
): JoinPlace {
  const { askedBehindMs, joinedMs } = viewer;
  const hasWaited = readyMs !== null && joinedMs <= readyMs;
  if (askedBehindMs === null && hasWaited) return history.firstJoinPoint();
  return history.laterJoinPoint(askedBehindMs ?? usualBehindMs);
}

/** How far behind live, in media ms, who asks for that much begins; null for a stream without a clock. */
export function reachableBehindMs(history: StreamHistory, behindMs: number): number | null {
  const place = history.laterJoinPoint(behindMs);
  return place === null ? null : history.mediaMsBehind(place.position);
}
