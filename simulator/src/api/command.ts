import type { Engine } from '../engine';
import { errorAnswer, responseAnswer, type Answer } from './answer';
import type { Exchange } from './exchange';
import { UNKNOWN_SESSION } from './stat';

const ACCEPTED = new Set(['liveseek', 'set_stream', 'set_player_activity_timeout']);

/** `GET /ace/cmd/<infohash>/<key>?method=…`. Null: never answered, the socket stays open. */
export function command(
  engine: Engine,
  exchange: Exchange,
  infohash: string,
  key: string,
): Answer | null {
  const method = exchange.parameters.get('method') ?? '';
  if (method === 'stop' && exchange.faults.has('stop_hangs')) return null;
  const session = engine.sessions.get(infohash, key);
  if (!session) return errorAnswer(UNKNOWN_SESSION);
  if (method !== 'stop') {
    return ACCEPTED.has(method) ? responseAnswer('ok') : errorAnswer('unknown method');
  }
  // A real engine stops the session, but answers that it does not know it.
  const unknown = exchange.faults.has('stop_unknown');
  engine.sessions.stop(session);
  if (exchange.faults.has('stop_freezes_others')) {
    for (const reader of engine.readers) reader.freeze();
  }
  return unknown ? errorAnswer(UNKNOWN_SESSION) : responseAnswer('ok');
}

/** `GET /ace/event/<infohash>/<key>`: a long poll; null if the client disconnected. */
export async function event(
  engine: Engine,
  exchange: Exchange,
  infohash: string,
  key: string,
): Promise<Answer | null> {
  const session = engine.sessions.get(infohash, key);
  if (!session) return errorAnswer(UNKNOWN_SESSION);
  const signal = await engine.signals.next(session, exchange.gone);
  if (signal) return responseAnswer(signal);
  return exchange.gone.aborted ? null : errorAnswer(UNKNOWN_SESSION);
}
