import { type MediaKind, type StreamCodec } from './stream-codec';

/** One elementary stream as the PMT announces it. */
export interface ProgrammeStream {
  readonly pid: number;
  readonly streamType: number;
  readonly codec: StreamCodec;
  readonly kind: MediaKind;
  /** The entry's descriptors, verbatim; a copy. */
  readonly descriptors: Buffer;
}

/** What a PMT says. `pcrPid` is NULL_PID when the programme has no clock. */
export interface Programme {
  readonly programmeNumber: number;
  readonly pmtPid: number;
  readonly pcrPid: number;
  readonly version: number;
  readonly streams: readonly ProgrammeStream[];
}

/**
 * Whether a player that was set up for `a` can go on with `b` without being told: same PIDs, types and
 * codecs, in any order. Version and descriptors (language, rating) may differ.
 */
export function sameProgramme(a: Programme, b: Programme): boolean {
  return (
    a.programmeNumber === b.programmeNumber &&
    a.pmtPid === b.pmtPid &&
    a.pcrPid === b.pcrPid &&
    a.streams.length === b.streams.length &&
    a.streams.every((stream) =>
      b.streams.some(
        (other) =>
          other.pid === stream.pid &&
          other.streamType === stream.streamType &&
          other.codec === stream.codec,
      ),
    )
  );
}

/**
 * The stream whose access units lead: the first video, else the first audio, else the one that bears the
 * clock, else the first of all; null for a programme without streams.
 */
export function leadingStream(programme: Programme): ProgrammeStream | null {
  const { streams, pcrPid } = programme;
  return (
    streams.find((stream) => stream.kind === 'video') ??
    streams.find((stream) => stream.kind === 'audio') ??
    streams.find((stream) => stream.pid === pcrPid) ??
    streams[0] ??
    null
  );
}
