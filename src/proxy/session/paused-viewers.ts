import type { Viewer } from '../viewers';

/** A session that nobody watches. */
export interface UnwatchedSession {
  /** All of them paused. */
  readonly viewers: { readonly size: number };
  /** Monotonic time since which nobody watches or holds it; null: it is held. */
  readonly idleSince: number | null;
}

/**
 * Whether `one` is the first of two sessions to give its slot up. A paused viewer may come back and would be reset, so
 * its session goes last; who only holds a session has no picture yet. Then the one that has been idle longest goes.
 */
export function isMissedLess(one: UnwatchedSession, other: UnwatchedSession): boolean {
  const hasPaused = one.viewers.size > 0;
  if (hasPaused !== other.viewers.size > 0) return !hasPaused;
  return (one.idleSince ?? Infinity) < (other.idleSince ?? Infinity);
}

/** The viewer who has been paused longest; null when nobody is. */
export function longestPaused(
  sessions: Iterable<{ readonly viewers: Iterable<Viewer> }>,
): Viewer | null {
  let longest: Viewer | null = null;
  for (const { viewers } of sessions) {
    for (const viewer of viewers) {
      const { pausedSinceMs } = viewer;
      if (pausedSinceMs !== null && pausedSinceMs < (longest?.pausedSinceMs ?? Infinity)) {
        longest = viewer;
      }
    }
  }
  return longest;
}
