import type { StreamHistory } from '../../upstream';
import type { Viewer } from '../../viewers';

/**
 * How many ms of media viewers would still receive if the source stopped now: the media between a viewer's cursor and
 * the live edge. The buffers inside players are unknown, so they are not included. HLS viewers are not included either.
 */
export interface Runway {
  /** Runway of the viewer closest to the live edge. */
  readonly leastMs: number;
  /** Median runway of all viewers. */
  readonly typicalMs: number;
  /** Runway of the viewer that is furthest behind. */
  readonly mostMs: number;
}

/** Returns the runway of the viewers; null if no viewer receives media, or while the stream has no media time. */
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
