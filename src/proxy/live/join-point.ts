import type { StreamHistory } from '../upstream';
import type { Viewer } from '../viewers';

type JoinPoint = ReturnType<StreamHistory['firstJoinPoint']>;

/**
 * Returns the point in the history at which a viewer begins; null while nobody can join. A viewer who waited for the
 * start gets the whole history, unless the request says how far behind live to begin.
 */
export function joinPointFor(
  viewer: Pick<Viewer, 'askedBehindMs' | 'joinedMs'>,
  history: StreamHistory,
  readyMs: number | null,
  usualBehindMs: number,
): JoinPoint {
  const { askedBehindMs, joinedMs } = viewer;
  const hasWaited = readyMs !== null && joinedMs <= readyMs;
  if (askedBehindMs === null && hasWaited) return history.firstJoinPoint();
  return history.laterJoinPoint(askedBehindMs ?? usualBehindMs);
}

/**
 * Returns how far behind live a viewer that requests `behindMs` would really begin, in ms of media. Null while nobody
 * can join, and while the stream has no media time.
 */
export function reachableBehindMs(history: StreamHistory, behindMs: number): number | null {
  const point = history.laterJoinPoint(behindMs);
  return point === null ? null : history.mediaMsBehind(point.position);
}
