import type { LiveStream } from '../live';

/** The media that a stream has received so far. Times are ms since the start was requested. */
export interface MediaSample {
  readonly answeredMs: number | null;
  readonly firstByteMs: number | null;
  readonly firstPatMs: number | null;
  readonly firstKeyframeMs: number | null;
  /** Media in the history, in ms of media time. */
  readonly mediaMs: number | null;
  readonly bytes: number;
  /** Bit rate by media time; null for about the first 2 s of media. */
  readonly bitrateBps: number | null;
  readonly videoCodec: string | null;
  readonly audioCodecs: readonly string[];
  readonly keyframes: number;
  readonly continuityErrors: number;
  readonly isScrambled: boolean;
}

/** Describes what has arrived already, without calling an engine. */
export function sampleOf({ history, ingest, timeline, createdMs }: LiveStream): MediaSample {
  const { scanner, ring, points } = history;
  const streams = scanner.programme?.streams ?? [];
  const since = (atMs: number | null): number | null =>
    atMs === null ? null : Math.max(0, Math.round(atMs - createdMs));
  const { requestedAt, engineAnsweredAt } = timeline;
  const mediaMs = history.mediaMsBehind(ring.tail);
  return {
    answeredMs:
      engineAnsweredAt === null
        ? null
        : Math.max(0, Date.parse(engineAnsweredAt) - Date.parse(requestedAt)),
    firstByteMs: since(ingest.firstByteMs),
    firstPatMs: since(scanner.firstPatArrivalMs),
    firstKeyframeMs: since(scanner.firstKeyframeArrivalMs),
    mediaMs: mediaMs === null ? null : Math.round(mediaMs),
    bytes: ring.head - ring.tail,
    bitrateBps: history.bitrateBps === null ? null : Math.round(history.bitrateBps),
    videoCodec: streams.find(({ kind }) => kind === 'video')?.codec ?? null,
    audioCodecs: streams.filter(({ kind }) => kind === 'audio').map(({ codec }) => codec),
    keyframes: points.count,
    continuityErrors: scanner.continuityErrors,
    isScrambled: scanner.scrambledPackets > 0,
  };
}
