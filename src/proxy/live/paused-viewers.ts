import type { Viewer } from '../viewers';

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
