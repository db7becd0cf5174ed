import type { ProgrammeDate } from './programme-date';

/** A piece of the ring that players may fetch. No media are copied: these are positions. */
export interface Segment {
  /** Media sequence number. */
  readonly number: number;
  /** Stream positions of its first packet and of the one behind its last. */
  readonly start: number;
  readonly end: number;
  /** PAT and PMT as they were before `start`, sent ahead of it. */
  readonly preface: Buffer;
  readonly durationMs: number;
  /** A new time line begins with it. */
  readonly isBreak: boolean;
  /** Breaks at earlier segments. */
  readonly breaksBefore: number;
  /** Media are missing before it, and the times of its first units are so much later for it, ticks of 90 kHz; else 0. */
  readonly holeTicks: number;
  /** Begins at a random access point. */
  readonly isIndependent: boolean;
  readonly presentedMs: number;
  /** Monotonic time by which all of it had arrived. */
  readonly arrivedMs: number;
  /** Wall clock of its time line. */
  readonly date: ProgrammeDate;
}

/** Bytes that a player gets for it. */
export function segmentBytes(segment: Segment): number {
  return segment.preface.length + segment.end - segment.start;
}
