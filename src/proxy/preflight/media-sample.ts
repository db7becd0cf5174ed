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
  /** Visible size of the video; null without video or as long as it is unknown. */
  readonly width: number | null;
  readonly height: number | null;
  /** As the engine reported them; null without statistics. */
  readonly peers: number | null;
  readonly speedDownKBps: number | null;
  /** True if the bit rate, the size of the video and the peers are known. An engine's first statistics are often empty. */
  readonly isComplete: boolean;
}

/** Describes what has arrived already, without calling an engine. */
export function sampleOf({
  history,
  ingest,
  timeline,
  createdMs,
  observation,
}: LiveStream): MediaSample {
  const { scanner, ring, points } = history;
  const streams = scanner.programme?.streams ?? [];
  const since = (atMs: number | null): number | null =>
    atMs === null ? null : Math.max(0, Math.round(atMs - createdMs));
  const { requestedAt, engineAnsweredAt } = timeline;
  const mediaMs = history.mediaMsBehind(ring.tail);
  const { bitrateBps } = history;
  const stat = observation.stat?.stat ?? null;
  const videoFacts = observation.mediaFacts().find(({ kind }) => kind === 'video')?.video ?? null;
  const video = streams.find(({ kind }) => kind === 'video');
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
    bitrateBps: bitrateBps === null ? null : Math.round(bitrateBps),
    videoCodec: video?.codec ?? null,
    audioCodecs: streams.filter(({ kind }) => kind === 'audio').map(({ codec }) => codec),
    keyframes: points.count,
    continuityErrors: scanner.continuityErrors,
    isScrambled: scanner.scrambledPackets > 0,
    width: videoFacts?.width ?? null,
    height: videoFacts?.height ?? null,
    peers: stat?.peers ?? null,
    speedDownKBps: stat?.speedDownKBps ?? null,
    isComplete:
      bitrateBps !== null && stat?.peers != null && (video === undefined || videoFacts !== null),
  };
}
