import type { ReportedStream } from '../../engines';
import { monotonicMs } from '../../kernel/clock';
import { isLiveStream, type LiveStream } from '../live';
import type { Stream, StreamSnapshot } from '../streams';
import type { Viewer } from '../viewers';
import type { ClientDto, SessionDto } from './dto/session.dto';
import type { SourceInUseDto, StreamDto } from './dto/stream.dto';

/** A stream as the API describes a session. */
export function toSessionDto(stream: StreamSnapshot): SessionDto {
  return {
    stream_id: stream.id,
    kind: stream.kind === 'file' ? 'recorded' : 'live',
    ace_id: stream.selector.value,
    infohash: stream.infohash,
    channel: stream.channel,
    source: toSourceDto(stream),
    engine_host: stream.engine?.host ?? null,
    engine_port: stream.engine?.port ?? null,
    container_id: stream.engine?.id ?? null,
    playback_session_id: stream.playbackSessionId,
    is_live: stream.isLive,
    is_active: stream.endedAt === null,
    state: stream.state,
    client_count: stream.clientCount,
    created_at: stream.createdAt,
    started_at: stream.startedAt,
    ended_at: stream.endedAt,
    end_reason: stream.endReason,
    error: errorText(stream),
    idle_seconds: Math.round(stream.idleMs / 100) / 10,
    attempts: stream.attempts.map((attempt) => ({
      engine_id: attempt.engineId,
      source: attempt.source,
      started_at: attempt.startedAt,
      duration_ms: attempt.durationMs,
      outcome: attempt.outcome,
      detail: attempt.detail,
    })),
    timeline: {
      requested_at: stream.timeline.requestedAt,
      engine_answered_at: stream.timeline.engineAnsweredAt,
      first_byte_at: stream.timeline.firstByteAt,
      first_pat_at: stream.timeline.firstPatAt,
      first_keyframe_at: stream.timeline.firstKeyframeAt,
    },
    buffer: { ...stream.buffer },
    bitrate_bps: stream.bitrateBps,
    bytes_in: stream.bytesIn,
    bytes_out: stream.bytesOut,
    pinned_bytes: stream.pinnedBytes,
    continuity_errors: stream.continuityErrors,
    resyncs: stream.resyncs,
    failovers: stream.failovers,
  };
}

export function toStreamDto(stream: StreamSnapshot): StreamDto {
  return {
    id: stream.id,
    kind: stream.kind === 'file' ? 'recorded' : 'live',
    external: false,
    key_type: stream.selector.kind,
    key: stream.selector.value,
    file_index: stream.selector.fileIndex,
    engine_parameters: stream.selector.engineParameters ?? null,
    infohash: stream.infohash,
    channel: stream.channel,
    source: toSourceDto(stream),
    container_id: stream.engine?.id ?? null,
    playback_session_id: stream.playbackSessionId,
    status: stream.endedAt === null ? 'started' : 'ended',
    state: stream.state,
    is_live: stream.isLive,
    client_count: stream.clientCount,
    started_at: stream.startedAt,
    ended_at: stream.endedAt,
    end_reason: stream.endReason,
    error: errorText(stream),
    bitrate_bps: stream.bitrateBps,
  };
}

/** A stream of an outside proxy, of which little is known. */
export function toReportedStreamDto(stream: ReportedStream): StreamDto {
  const status = stream.endedAt === null ? 'started' : 'ended';
  return {
    id: stream.id,
    kind: stream.isLive === false ? 'recorded' : 'live',
    external: true,
    key_type: stream.keyType,
    key: stream.key,
    file_index: 0,
    engine_parameters: null,
    infohash: stream.keyType === 'infohash' ? stream.key : null,
    channel: null,
    source: null,
    container_id: stream.engineId,
    playback_session_id: stream.playbackSessionId,
    status,
    state: status,
    is_live: stream.isLive,
    client_count: 0,
    started_at: stream.startedAt,
    ended_at: stream.endedAt,
    end_reason: null,
    error: null,
    bitrate_bps: null,
  };
}

/** A viewer of a stream. */
export function toViewerDto(viewer: Viewer, stream: Stream): ClientDto {
  return isLiveStream(stream) ? toClientDto(viewer, stream) : toFileClientDto(viewer);
}

/** A viewer of a file, which has no position in a live stream. */
function toFileClientDto(viewer: Viewer): ClientDto {
  return {
    client_id: viewer.id,
    ip_address: viewer.identity.ip,
    user: viewer.user?.name ?? null,
    user_agent: viewer.identity.userAgent,
    state: viewer.state,
    connected_at: viewer.joinedAt,
    connected_s: Math.round((monotonicMs() - viewer.joinedMs) / 100) / 10,
    bytes_sent: Math.max(0, viewer.queuedBytes - viewer.unsentBytes()),
    behind_s: null,
    jumps: 0,
  };
}

/** A viewer of a live stream. */
export function toClientDto(viewer: Viewer, { history }: Pick<LiveStream, 'history'>): ClientDto {
  // An HLS viewer has no position before its first segment.
  const hasPosition = viewer.socket !== null || viewer.cursor > 0;
  const behindMs = hasPosition ? history.mediaMsBehind(viewer.cursor) : null;
  return Object.assign(toFileClientDto(viewer), {
    behind_s: behindMs === null ? null : Math.round(behindMs / 10) / 100,
    jumps: viewer.jumps,
  });
}

function toSourceDto({ source }: StreamSnapshot): SourceInUseDto | null {
  return source === null ? null : { id: source.id, kind: source.kind, label: source.label };
}

function errorText(stream: StreamSnapshot): string | null {
  return stream.error === null ? null : `${stream.error.code}: ${stream.error.detail}`;
}
