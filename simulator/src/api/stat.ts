import { performance } from 'node:perf_hooks';
import type { Engine } from '../engine';
import type { RequestFaults } from '../faults/fault-book';
import type { EngineSession } from '../sessions';
import { errorAnswer, responseAnswer, type Answer } from './answer';
import type { Exchange } from './exchange';

export const UNKNOWN_SESSION = 'unknown playback session id';
const WINDOW_SECONDS = 1800;
const PIECE_BYTES = 16_384;

/** Positions of the live window; the engine sends all of them as strings. */
function livePosition(session: EngineSession, faults: RequestFaults): Record<string, string> {
  const behind = faults.get('stat_stale')?.number('seconds', 7200) ?? 0;
  // The position at the beginning of the session.
  const stuckMs = faults.has('stat_position_stuck') ? performance.now() - session.createdAt : 0;
  const last = Math.floor((Date.now() - stuckMs) / 1000) - behind;
  const first = String(last - WINDOW_SECONDS);
  return {
    pos: String(last - 15),
    live_first: first,
    live_last: String(last),
    first_ts: first,
    last_ts: String(last),
    last: String(last),
    is_live: '1',
    buffer_pieces: '30',
  };
}

function status(session: EngineSession): 'idle' | 'prebuf' | 'dl' {
  const { createdAt, readyAt } = session;
  const now = performance.now();
  if (now >= readyAt) return 'dl';
  return now - createdAt < (readyAt - createdAt) / 4 ? 'idle' : 'prebuf';
}

function progress(session: EngineSession): number {
  const { createdAt, readyAt } = session;
  const share = (performance.now() - createdAt) / Math.max(1, readyAt - createdAt);
  return Math.min(100, Math.round(share * 100));
}

function traffic(
  engine: Engine,
  session: EngineSession,
  faults: RequestFaults,
): Record<string, number> {
  const { upload_limit: uploadLimit } = engine.settings;
  const { settings } = session.content;
  const frozen = faults.has('stat_frozen');
  const seconds = frozen ? 10 : Math.max(0, performance.now() - session.readyAt) / 1000;
  const bytesPerSecond = (settings.bitrateMbps * 1e6) / 8;
  const halted = faults.has('stat_zero_speed') || faults.has('stat_zero_peers');
  const down = halted ? 0 : Math.round(bytesPerSecond / 1024);
  const downloaded = Math.floor((seconds * bytesPerSecond) / PIECE_BYTES) * PIECE_BYTES;
  return {
    peers: faults.has('stat_zero_peers') ? 0 : settings.peers,
    speed_down: down,
    speed_up: Math.min(
      faults.get('stat_upload')?.number('kbytes', 1000) ?? Math.round(down / 4),
      uploadLimit === 0 || faults.has('stat_upload') ? Infinity : uploadLimit,
    ),
    downloaded,
    uploaded: Math.floor(downloaded / 4 / PIECE_BYTES) * PIECE_BYTES,
  };
}

/** `GET /ace/stat/<infohash>/<key>`: empty at the first poll, then idle, prebuf, dl. */
export function stat(engine: Engine, exchange: Exchange, infohash: string, key: string): Answer {
  const session = engine.sessions.get(infohash, key);
  if (!session || exchange.faults.has('stat_unknown')) return errorAnswer(UNKNOWN_SESSION);
  session.polls += 1;
  if (session.polls === 1) return responseAnswer({});
  const state = status(session);
  const { isLive } = session.content.settings;
  return responseAnswer({
    status: state,
    ...(state === 'idle' ? {} : traffic(engine, session, exchange.faults)),
    total_progress: 0,
    progress: progress(session),
    is_live: isLive,
    is_encrypted: 0,
    infohash,
    playback_session_id: session.playbackSessionId,
    client_session_id: session.clientSessionId,
    selected_stream_index: -1,
    selected_file_index: 0,
    stream_status: -1,
    manifest_access_mode: -1,
    network_monitor_status: -1,
    network_monitor_started: false,
    debug_level: 0,
    disk_cache_stats: {
      avail: 10_000_000_000,
      disk_cache_limit: 209_715_200,
      // Grows with the bytes read, like the real cache.
      inactive_inuse: session.bytes,
      active_inuse: 0,
    },
    ...(state === 'dl' && isLive === 1 ? { livepos: livePosition(session, exchange.faults) } : {}),
  });
}
