import type { EngineLivePosition, EngineStat } from '../../ace';
import type { StreamFacts } from '../mpegts';
import { runwayOf, type LoopFinding, type Runway, type StatSample, type LiveStream } from '../live';
import type { StreamSnapshot } from '../streams';
import type { SessionDetailDto } from './dto/session.dto';
import type {
  ElementaryStreamDto,
  EngineStatDto,
  LivePositionDto,
  LoopDto,
  RunwayDto,
  StatSampleDto,
  StreamStatsDto,
} from './dto/statistics.dto';
import { toSessionDto } from './stream-mapping';

/** The details of a running live stream, with its statistics. */
export function toSessionDetailDto(stream: LiveStream): SessionDetailDto {
  const stat = statOf(stream);
  return Object.assign(toSessionDto(stream.snapshot()), observed(stream), { stat });
}

/** The details of a file or of an ended stream, which have no statistics. */
export function toUnobservedSessionDetailDto(stream: StreamSnapshot): SessionDetailDto {
  const nothing = { stat: null, runway: null, media: [], looping: null, is_starving: false };
  return Object.assign(toSessionDto(stream), nothing);
}

/** @param sinceUnixMs the history contains only polls after this time */
export function toStreamStatsDto(stream: LiveStream, sinceUnixMs: number): StreamStatsDto {
  const { bitrateBps, buffer } = stream.snapshot();
  const sample = stream.observation.stat;
  return {
    stream_id: stream.id,
    ...statFields(sample?.stat ?? null),
    sampled_at: sample === null ? null : isoOfUnix(sample.unixMs),
    bitrate_bps: bitrateBps,
    buffer_s: buffer.seconds,
    ...observed(stream),
    history: stream.observation.history.since(sinceUnixMs).map(toStatSampleDto),
  };
}

function observed({ observation, history, viewers }: LiveStream): {
  runway: RunwayDto | null;
  media: ElementaryStreamDto[];
  looping: LoopDto | null;
  is_starving: boolean;
} {
  return {
    runway: toRunwayDto(runwayOf(history, viewers)),
    media: observation.mediaFacts().map(toElementaryStreamDto),
    looping: toLoopDto(observation.finding),
    is_starving: observation.isStarving,
  };
}

function statOf({ observation }: LiveStream): EngineStatDto | null {
  const sample = observation.stat;
  if (sample === null) return null;
  const { unixMs, engineId, stat } = sample;
  return { at: isoOfUnix(unixMs), engine_id: engineId, ...statFields(stat) };
}

function statFields(stat: EngineStat | null): Omit<EngineStatDto, 'at' | 'engine_id'> {
  return {
    status: stat?.status ?? null,
    peers: stat?.peers ?? null,
    speed_down_kbps: kbps(stat?.speedDownKBps),
    speed_up_kbps: kbps(stat?.speedUpKBps),
    downloaded_bytes: stat?.downloadedBytes ?? null,
    uploaded_bytes: stat?.uploadedBytes ?? null,
    livepos: toLivePositionDto(stat?.livePosition ?? null),
  };
}

export function toStatSampleDto({ unixMs, stat }: StatSample): StatSampleDto {
  return {
    ts: isoOfUnix(unixMs),
    peers: stat.peers,
    speed_down: stat.speedDownKBps,
    speed_up: stat.speedUpKBps,
    downloaded: stat.downloadedBytes,
    uploaded: stat.uploadedBytes,
    status: stat.status,
    livepos: toLivePositionDto(stat.livePosition),
  };
}

export function toElementaryStreamDto(facts: StreamFacts): ElementaryStreamDto {
  const { video, audio } = facts;
  return {
    pid: facts.pid,
    kind: facts.kind,
    codec: facts.codec,
    language: facts.language,
    is_scrambled: facts.isScrambled,
    profile: video?.profile ?? audio?.profile ?? null,
    level: video?.level ?? null,
    width: video?.width ?? null,
    height: video?.height ?? null,
    frame_rate: video?.frameRate ?? null,
    is_interlaced: video?.interlaced ?? null,
    sample_rate_hz: audio?.sampleRateHz ?? null,
    channels: audio?.channels ?? null,
  };
}

function toLivePositionDto(position: EngineLivePosition | null): LivePositionDto | null {
  if (position === null) return null;
  return {
    pos: position.pos,
    live_first: position.liveFirst,
    live_last: position.liveLast,
    first_ts: position.firstTs,
    last_ts: position.lastTs,
    last: position.last,
    buffer_pieces: position.bufferPieces,
  };
}

function toLoopDto(finding: LoopFinding | null): LoopDto | null {
  if (finding === null) return null;
  const { cause, periodMs } = finding;
  return { cause, period_s: periodMs === null ? null : seconds(periodMs) };
}

function toRunwayDto(runway: Runway | null): RunwayDto | null {
  if (runway === null) return null;
  return {
    least_s: seconds(runway.leastMs),
    typical_s: seconds(runway.typicalMs),
    most_s: seconds(runway.mostMs),
  };
}

/** From KB/s, which engines report. */
function kbps(kiloBytesPerSecond: number | null | undefined): number | null {
  return kiloBytesPerSecond == null ? null : kiloBytesPerSecond * 8;
}

function seconds(ms: number): number {
  return Math.round(ms / 100) / 10;
}

function isoOfUnix(unixMs: number): string {
  return new Date(unixMs).toISOString();
}
