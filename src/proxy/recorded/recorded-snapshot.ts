import { isoOf, type SessionSnapshot, type SessionState } from '../session';
import { monotonicMs } from '../../kernel/clock';
import type { RecordedPlayback } from './recorded-playback';

/** A playback as the admin API shows it: as a session with at most one viewer, nothing kept and no packets looked at. */
export function snapshotOfPlayback(playback: RecordedPlayback): SessionSnapshot {
  const { content, source, error, viewer } = playback;
  const endMs = playback.endedMs ?? monotonicMs();
  const endpoint = source?.lease.engine.endpoint ?? null;
  return {
    id: playback.id,
    kind: 'recorded',
    selector: content.selector,
    channel: null,
    source: null,
    infohash: content.infohash,
    state: stateOf(playback),
    isLive: content.isLive === -1 ? null : content.isLive === 1,
    engine:
      playback.lastEngineId === null
        ? null
        : { id: playback.lastEngineId, host: endpoint?.host ?? null, port: endpoint?.port ?? null },
    playbackSessionId: source?.engineSession.playbackSessionId ?? null,
    clientCount: viewer === null ? 0 : 1,
    createdAt: isoOf(playback.createdMs),
    startedAt: isoOf(playback.readyMs),
    endedAt: isoOf(playback.endedMs),
    endReason: playback.endReason,
    error: error === null ? null : { code: error.code, detail: error.detail },
    idleMs: playback.idleSinceMs === null ? 0 : endMs - playback.idleSinceMs,
    durationMs: endMs - playback.createdMs,
    attempts: playback.attempts,
    timeline: {
      requestedAt: playback.requestedAt,
      engineAnsweredAt: isoOf(playback.readyMs),
      firstByteAt: playback.firstByteAt,
      firstPatAt: null,
      firstKeyframeAt: null,
    },
    buffer: { seconds: null, bytes: 0, keyframes: 0 },
    bitrateBps: null,
    bytesIn: playback.bytesIn,
    bytesOut: playback.bytesOut,
    pinnedBytes: playback.pinnedBytes,
    continuityErrors: 0,
    resyncs: 0,
    failovers: playback.failovers,
  };
}

function stateOf(playback: RecordedPlayback): SessionState {
  if (playback.isOver) return playback.error === null ? 'ended' : 'failed';
  if (playback.viewer === null) return 'grace';
  return playback.readyMs === null ? 'starting' : 'playing';
}
