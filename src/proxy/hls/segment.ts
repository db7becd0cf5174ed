import type { ProgrammeDate } from './programme-date';

/** A part of the ring that players can fetch. It refers to the media by stream position and does not copy them. */
export interface Segment {
  /** Media sequence number. */
  readonly number: number;
  /** Stream positions of its first packet, and of the end of its last. */
  readonly start: number;
  readonly end: number;
  /** The PAT and PMT that apply at `start`. They are sent before the media. */
  readonly preface: Buffer;
  readonly durationMs: number;
  /** True if the segment begins with a break: a new timeline, another set of tracks, or skipped media before it. */
  readonly isBreak: boolean;
  /** Number of breaks in earlier segments. */
  readonly breaksBefore: number;
  /**
   * Length of the gap in the timestamps before the segment, in ticks of 90 kHz; 0 if there is none.
   */
  readonly gapTicks: number;
  /** True if the segment begins at a random access point. */
  readonly isIndependent: boolean;
  /** Presentation time of its first unit on its timeline, in ms. */
  readonly presentedMs: number;
  /** Monotonic time by which the whole segment had arrived. */
  readonly arrivedMs: number;
  /** Converts `presentedMs` to wall clock time. */
  readonly date: ProgrammeDate;
}

/** Returns the number of bytes that a player receives for the segment. */
export function segmentBytes(segment: Segment): number {
  return segment.preface.length + segment.end - segment.start;
}
