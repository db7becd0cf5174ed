import type { ProgrammeDate } from './programme-date';

/** A part of the ring that players can fetch. It copies no media; `start` and `end` are stream positions. */
export interface Segment {
  /** Media sequence number. */
  readonly number: number;
  /** Stream positions of its first packet and of the packet after its last. */
  readonly start: number;
  readonly end: number;
  /** PAT and PMT in force at `start`, sent before the media. */
  readonly preface: Buffer;
  readonly durationMs: number;
  /** True if a new time line begins with this segment. */
  readonly isBreak: boolean;
  /** Number of breaks in earlier segments. */
  readonly breaksBefore: number;
  /**
   * Length of a gap before the segment in ticks of 90 kHz; 0 if there is none. The timestamps of its first units are
   * later by this much.
   */
  readonly gapTicks: number;
  /** True if the segment begins at a random access point. */
  readonly isIndependent: boolean;
  readonly presentedMs: number;
  /** Monotonic time by which the whole segment had arrived. */
  readonly arrivedMs: number;
  /** Wall clock of the segment's time line. */
  readonly date: ProgrammeDate;
}

/** Bytes that a player receives for the segment. */
export function segmentBytes(segment: Segment): number {
  return segment.preface.length + segment.end - segment.start;
}
