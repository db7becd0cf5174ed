import { monotonicMs } from '../../kernel/clock';
import type { LiveStream } from '../live';
import type { StreamSnapshot } from '../streams';
import type { Viewer } from '../viewers';
import type { ClientDto, SessionDto } from './dto/session.dto';
import type { SourceInUseDto, StreamDto } from './dto/stream.dto';

/** Sessions and viewers as they go on the wire. */
export function toSessionDto(session: StreamSnapshot): SessionDto {
  return {
    stream_id: session.id,
    kind: session.kind === 'file' ? 'recorded' : 'live',
    ace_id: session.selector.value,
    infohash: session.infohash,
    channel: session.channel,
    source: toSourceDto(session),
    engine_host: session.engine?.host ?? null,
    engine_port: session.engine?.port ?? null,
    container_id: session.engine?.id ?? null,
    playback_session_id: session.playbackSessionId,
    is_live: session.isLive,
    is_active: session.endedAt === null,
    state: session.state,
    client_count: session.clientCount,
    created_at: session.createdAt,
    started_at: session.startedAt,
    ended_at: session.endedAt,
    end_reason: session.endReason,
    error: errorText(session),
    idle_seconds: Math.round(session.idleMs / 100) / 10,
    attempts: session.attempts.map((attempt) => ({
      engine_id: attempt.engineId,
      source: attempt.source,
      started_at: attempt.startedAt,
      duration_ms: attempt.durationMs,
      outcome: attempt.outcome,
      detail: attempt.detail,
    })),
    timeline: {
      requested_at: session.timeline.requestedAt,
      engine_answered_at: session.timeline.engineAnsweredAt,
      first_byte_at: session.timeline.firstByteAt,
      first_pat_at: session.timeline.firstPatAt,
      first_keyframe_at: session.timeline.firstKeyframeAt,
    },
    buffer: { ...session.buffer },
    bitrate_bps: session.bitrateBps,
    bytes_in: session.bytesIn,
    bytes_out: session.bytesOut,
    pinned_bytes: session.pinnedBytes,
    continuity_errors: session.continuityErrors,
    resyncs: session.resyncs,
    failovers: session.failovers,
  };
}

export function toStreamDto(session: StreamSnapshot): StreamDto {
  return {
    id: session.id,
    kind: session.kind === 'file' ? 'recorded' : 'live',
    key_type: session.selector.kind,
    key: session.selector.value,
    file_index: session.selector.fileIndex,
    infohash: session.infohash,
    channel: session.channel,
    source: toSourceDto(session),
    container_id: session.engine?.id ?? null,
    playback_session_id: session.playbackSessionId,
    status: session.endedAt === null ? 'started' : 'ended',
    state: session.state,
    is_live: session.isLive,
    client_count: session.clientCount,
    started_at: session.startedAt,
    ended_at: session.endedAt,
    end_reason: session.endReason,
    error: errorText(session),
    bitrate_bps: session.bitrateBps,
  };
}

/** Who reads recorded content; it has no place in a broadcast. */
export function toReaderDto(viewer: Viewer): ClientDto {
  return {
    client_id: viewer.id,
    ip_address: viewer.identity.ip,
    user_agent: viewer.identity.userAgent,
    state: viewer.state,
    connected_at: viewer.joinedAt,
    connected_s: Math.round((monotonicMs() - viewer.joinedMs) / 100) / 10,
    bytes_sent: Math.max(0, viewer.queuedBytes - viewer.unsentBytes()),
    behind_s: null,
    jumps: 0,
  };
}

export function toClientDto(viewer: Viewer, session: LiveStream): ClientDto {
  // One who fetches segments is nowhere until it has had its first.
  const isSomewhere = viewer.socket !== null || viewer.cursor > 0;
  const behindMs = isSomewhere ? session.history.mediaMsBehind(viewer.cursor) : null;
  return {
    client_id: viewer.id,
    ip_address: viewer.identity.ip,
    user_agent: viewer.identity.userAgent,
    state: viewer.state,
    connected_at: viewer.joinedAt,
    connected_s: Math.round((monotonicMs() - viewer.joinedMs) / 100) / 10,
    bytes_sent: viewer.queuedBytes - viewer.unsentBytes(),
    behind_s: behindMs === null ? null : Math.round(behindMs / 10) / 100,
    jumps: viewer.jumps,
  };
}

function toSourceDto({ source }: StreamSnapshot): SourceInUseDto | null {
  return source === null ? null : { id: source.id, kind: source.kind, label: source.label };
}

function errorText(session: StreamSnapshot): string | null {
  return session.error === null ? null : `${session.error.code}: ${session.error.detail}`;
}
