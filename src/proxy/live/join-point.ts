import type { StreamHistory } from '../upstream';
import type { Viewer } from '../viewers';

type JoinPlace = ReturnType<StreamHistory['firstJoinPoint']>;

/**
 * Returns the place in the history where a viewer begins; null while nobody can join. A viewer who waited for the start gets
 * the whole history, unless the request says how far behind live to begin.
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

/**
 * Returns the delay behind live that a viewer asking for `behindMs` would actually get, in media ms. Null while nobody can
 * join, and for a stream without a clock.
 */
export function reachableBehindMs(history: StreamHistory, behindMs: number): number | null {
  const place = history.laterJoinPoint(behindMs);
  return place === null ? null : history.mediaMsBehind(place.position);
}
