import type { ChannelSource } from '../../channels';
import type { ContentSelector } from '../../kernel/content-selector';
import { monotonicMs } from '../../kernel/clock';
import type { Attempt, SessionState, SessionTimeline } from './session.types';
import { isoOf } from './session-time';
import { type StreamSession } from './stream-session';

/** A session at one moment, as plain data: for the admin API, and all that is kept of one that is over. */
export interface SessionSnapshot {
  readonly id: string;
  /** Recorded content is read by one viewer at a time; of its packets nothing is known. */
  readonly kind: 'live' | 'recorded';
  readonly selector: ContentSelector;
  readonly infohash: string | null;
  /** The channel that it stands for, and its source in use. */
  readonly channel: string | null;
  readonly source: ChannelSource | null;
  readonly state: SessionState;
  readonly isLive: boolean | null;
  readonly engine: {
    readonly id: string;
    readonly host: string | null;
    readonly port: number | null;
  } | null;
  readonly playbackSessionId: string | null;
  readonly clientCount: number;
  readonly createdAt: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly endReason: string | null;
  readonly error: { readonly code: string; readonly detail: string } | null;
  readonly idleMs: number;
  readonly durationMs: number;
  readonly attempts: readonly Attempt[];
  readonly timeline: SessionTimeline;
  readonly buffer: {
    readonly seconds: number | null;
    readonly bytes: number;
    readonly keyframes: number;
  };
  readonly bitrateBps: number | null;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly pinnedBytes: number;
  readonly continuityErrors: number;
  readonly resyncs: number;
  readonly failovers: number;
}

export function snapshotOf(session: StreamSession): SessionSnapshot {
  const { history, ingest, current, error } = session;
  const nowMs = monotonicMs();
  const seconds = history.mediaMsBehind(history.ring.tail);
  const engineId = session.engineId;
  return {
    id: session.id,
    kind: 'live',
    selector: session.selector,
    infohash: session.infohash,
    channel: session.rota.channelId,
    source: session.rota.source,
    state: session.state,
    isLive: session.isLive === -1 ? null : session.isLive === 1,
    engine:
      engineId === null
        ? null
        : {
            id: engineId,
            host: current?.lease.engine.endpoint.host ?? null,
            port: current?.lease.engine.endpoint.port ?? null,
          },
    playbackSessionId: current?.engineSession?.playbackSessionId ?? null,
    clientCount: session.isOver ? 0 : session.viewers.size,
    createdAt: isoOf(session.createdMs),
    startedAt: isoOf(session.readyMs),
    endedAt: isoOf(session.endedMs),
    endReason: session.endReason,
    error: error === null ? null : { code: error.code, detail: error.detail },
    idleMs: session.idleSince === null ? 0 : (session.endedMs ?? nowMs) - session.idleSince,
    durationMs: (session.endedMs ?? nowMs) - session.createdMs,
    attempts: session.attempts,
    timeline: session.timeline,
    buffer: {
      seconds: seconds === null ? null : Math.round(seconds) / 1000,
      bytes: session.isOver ? 0 : history.ring.head - history.ring.tail,
      keyframes: session.isOver ? 0 : history.points.count,
    },
    bitrateBps: history.bitrateBps === null ? null : Math.round(history.bitrateBps),
    bytesIn: ingest.bytesIn,
    bytesOut: session.bytesOut,
    pinnedBytes: session.pinnedBytes,
    continuityErrors: history.scanner.continuityErrors,
    resyncs: ingest.totalResyncs,
    failovers: session.failovers,
  };
}
