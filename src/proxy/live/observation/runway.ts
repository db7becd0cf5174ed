import type { StreamHistory } from '../../upstream';
import type { Viewer } from '../../viewers';

/**
 * Media that viewers would still get if the source stopped now, in ms: what lies in the ring between a viewer and its
 * head. What a player has buffered comes on top, and nobody here knows how much that is.
 */
export interface Runway {
  /** Of the viewer who would run dry first; 0 for one at the live edge. */
  readonly leastMs: number;
  /** The median. */
  readonly typicalMs: number;
  /** Runway of the viewer that is furthest behind. */
  readonly mostMs: number;
}

/** Null without viewers who watch, and while the stream has no clock. */
export function runwayOf(history: StreamHistory, viewers: Iterable<Viewer>): Runway | null {
  const ahead: number[] = [];
  for (const viewer of viewers) {
    if (viewer.socket === null) continue;
    const ms = history.mediaMsBehind(viewer.cursor);
    if (ms !== null) ahead.push(ms);
  }
  ahead.sort((a, b) => a - b);
  const [leastMs, typicalMs, mostMs] = [ahead[0], ahead[ahead.length >> 1], ahead.at(-1)];
  if (leastMs === undefined || typicalMs === undefined || mostMs === undefined) return null;
  return { leastMs, typicalMs, mostMs };
}
