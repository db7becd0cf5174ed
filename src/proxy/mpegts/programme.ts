import { type MediaKind, type StreamCodec } from './stream-codec';

/** One elementary stream as the PMT announces it. */
export interface ProgrammeStream {
  readonly pid: number;
  readonly streamType: number;
  readonly codec: StreamCodec;
  readonly kind: MediaKind;
  /** The raw descriptors of the entry: a view of the section. */
  readonly descriptors: Buffer;
}

/** A programme as its PMT announces it. `pcrPid` is NULL_PID if the programme has no PCR. */
export interface Programme {
  readonly programmeNumber: number;
  readonly pmtPid: number;
  readonly pcrPid: number;
  readonly version: number;
  readonly streams: readonly ProgrammeStream[];
}

/**
 * True if a player that was set up for `a` can continue with `b` without notice: same PIDs, types and codecs, in any
 * order. Version and descriptors (language, rating) may differ.
 */
export function sameProgramme(a: Programme, b: Programme): boolean {
  if (
    a.programmeNumber !== b.programmeNumber ||
    a.pmtPid !== b.pmtPid ||
    a.pcrPid !== b.pcrPid ||
    a.streams.length !== b.streams.length
  ) {
    return false;
  }
  const others = new Map(b.streams.map((stream) => [stream.pid, stream]));
  return a.streams.every(({ pid, streamType, codec }) => {
    const other = others.get(pid);
    return other?.streamType === streamType && other.codec === codec;
  });
}

/**
 * The streams that may lead, best first: the access units of the leading stream become random access points and
 * segment boundaries. Video comes first, then audio. Without both, only the stream that carries the PCR may lead, or
 * else the first stream.
 */
export function leadingOrder({ streams, pcrPid }: Programme): readonly ProgrammeStream[] {
  const media = [
    ...streams.filter(({ kind }) => kind === 'video'),
    ...streams.filter(({ kind }) => kind === 'audio'),
  ];
  if (media.length > 0) return media;
  return [streams.find(({ pid }) => pid === pcrPid) ?? streams[0] ?? []].flat();
}
