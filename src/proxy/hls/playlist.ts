import type { Segment } from './segment';

/** Fewest segments of a sliding window, and its shortest duration in target durations. */
const MIN_SEGMENTS = 6;
const MIN_TARGETS = 3;

/**
 * Index of the first segment of the sliding window: at least six segments and three target durations of media, and
 * nothing that came within the last three target durations: a source's burst must not push out what a player was
 * told of a moment ago.
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

export interface PlaylistFacts {
  /** What is listed, oldest first; at least one. */
  readonly segments: readonly Segment[];
  readonly targetMs: number;
  /** DISCONTINUITY-SEQUENCE of a playlist before any break. */
  readonly firstBreak: number;
  /** Every segment that was ever made begins at a random access point. */
  readonly allIndependent: boolean;
  /** Wall clock of a segment's start as it was told first; null when none was. */
  readonly dateOf: (segment: Segment) => number | null;
}

/** Stands for the folder of addresses while a text is made; nothing else of a playlist can hold it. */
const FOLDER = '\0';

/**
 * A live media playlist of protocol version 3 (RFC 8216 §4.3), in the pieces between which the folder of its
 * addresses goes: the text is made once, and everybody's own is `pieces.join(folder)`.
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
