import type { StreamHistory } from '../../upstream';
import type { Viewer } from '../../viewers';

/**
 * Media that viewers would still receive if the source stopped now, in ms: the part of the ring between a viewer's cursor and
 * the live edge. The buffers of the players are unknown and not included.
 */
export interface Runway {
  /** Runway of the viewer closest to the live edge. */
  readonly leastMs: number;
  /** Median runway of all viewers. */
  readonly typicalMs: number;
  /** Runway of the viewer that is furthest behind. */
  readonly mostMs: number;
}

/** Returns null if no viewer is being fed, and while the stream has no clock. */
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
