import type { Segment } from './segment';

/** Minimum number of segments in the sliding window, and its minimum duration in target durations. */
const MIN_SEGMENTS = 6;
const MIN_TARGETS = 3;

/**
 * Returns the index of the first segment in the sliding window. The window contains at least six segments, at least
 * three target durations of media, and all segments that arrived within the last three target durations. So a burst of
 * media does not push out segments that were published a moment ago.
 */
export function windowStart(segments: readonly Segment[], targetMs: number): number {
  let durationMs = 0;
  const newestMs = segments.at(-1)?.arrivedMs ?? 0;
  for (let at = segments.length - 1; at >= 0; at--) {
    durationMs += segments[at]?.durationMs ?? 0;
    const before = segments[at - 1];
    if (before !== undefined && newestMs - before.arrivedMs < MIN_TARGETS * targetMs) continue;
    const isEnough = segments.length - at >= MIN_SEGMENTS && durationMs >= MIN_TARGETS * targetMs;
    if (isEnough) return at;
  }
  return 0;
}

/** What a playlist contains. */
export interface PlaylistFacts {
  /** The listed segments, oldest first; at least one. */
  readonly segments: readonly Segment[];
  readonly targetMs: number;
  /** The value of EXT-X-DISCONTINUITY-SEQUENCE before the first break. */
  readonly firstBreak: number;
  /** True if every segment of the track begins at a random access point. */
  readonly allIndependent: boolean;
  /** Returns the wall clock time of a segment's start, in ms since 1970; null if the segment has none. */
  readonly dateOf: (segment: Segment) => number | null;
}

/** Stands for the folder in each segment's address. No other part of a playlist contains this character. */
const FOLDER = '\0';

/**
 * Renders a live media playlist of protocol version 3 (RFC 8216 §4.3), as pieces that all players share. The playlist
 * of one player is `pieces.join(folder)`.
 */
export function renderPlaylist(facts: PlaylistFacts): readonly string[] {
  const first = facts.segments[0];
  const lines = [
    '#EXTM3U',
    '#EXT-X-VERSION:3',
    `#EXT-X-TARGETDURATION:${Math.round(facts.targetMs / 1000)}`,
    `#EXT-X-MEDIA-SEQUENCE:${first?.number ?? 0}`,
    `#EXT-X-DISCONTINUITY-SEQUENCE:${facts.firstBreak + (first?.breaksBefore ?? 0)}`,
  ];
  if (facts.allIndependent) lines.push('#EXT-X-INDEPENDENT-SEGMENTS');
  for (const segment of facts.segments) {
    if (segment.isBreak) lines.push('#EXT-X-DISCONTINUITY');
    const date = facts.dateOf(segment);
    if (date !== null) lines.push(`#EXT-X-PROGRAM-DATE-TIME:${new Date(date).toISOString()}`);
    lines.push(
      `#EXTINF:${(segment.durationMs / 1000).toFixed(3)},`,
      `${FOLDER}${segment.number}.ts`,
    );
  }
  return `${lines.join('\n')}\n`.split(FOLDER);
}
