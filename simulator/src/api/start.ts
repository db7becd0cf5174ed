import { keysOf } from '../contents';
import type { Engine } from '../engine';
import type { FaultKind } from '../faults/fault-kinds';
import type { EngineSession } from '../sessions';
import { errorAnswer, redirectAnswer, responseAnswer, textAnswer, type Answer } from './answer';
import type { Exchange } from './exchange';

/** The difference between the two start addresses: the address of the media, as TS or as HLS. */
export type Flavour = 'ts' | 'hls';

/** Faults after which a client cannot know how to stop its session; such sessions do not count as leaked. */
const HIDES_COMMAND_URL: readonly FaultKind[] = [
  'empty_response',
  'huge_json',
  'malformed_json',
  'truncated_json',
  'wrong_types',
];

function playbackPath(session: EngineSession, flavour: Flavour): string {
  const { infohash } = session.content;
  return flavour === 'ts'
    ? `/ace/r/${infohash}/${session.key}`
    : `/ace/m/${infohash}/${session.key}.m3u8`;
}

function description(exchange: Exchange, session: EngineSession, flavour: Flavour): object {
  const { content, key } = session;
  const { infohash } = content;
  return {
    playback_url: exchange.address(playbackPath(session, flavour)),
    stat_url: exchange.address(`/ace/stat/${infohash}/${key}`),
    command_url: exchange.address(`/ace/cmd/${infohash}/${key}`),
    ...(exchange.parameters.get('use_api_events') === '1'
      ? { event_url: exchange.address(`/ace/event/${infohash}/${key}`) }
      : {}),
    infohash,
    playback_session_id: session.playbackSessionId,
    is_live: content.settings.isLive,
    is_encrypted: 0,
    client_session_id: session.clientSessionId,
  };
}

/** Failures are JSON with status 200 if JSON was requested, else plain text. */
function failure(exchange: Exchange, error: string): Answer {
  const wantsJson = exchange.parameters.get('format')?.startsWith('json') ?? false;
  return wantsJson ? errorAnswer(error) : textAnswer(500, error);
}

/** `callback(…)` around the answer, for `format=jsonp`. */
export function asJsonp(exchange: Exchange, answer: Answer): Answer {
  if (exchange.parameters.get('format') !== 'jsonp') return answer;
  const callback = exchange.parameters.get('callback') ?? 'callback';
  return textAnswer(200, `${callback}(${answer.body.toString()})`, 'application/javascript');
}

/** The content's names, known before the start is executed, so that faults can select it. */
export function keysOfStart(engine: Engine, exchange: Exchange): string[] {
  const { found } = engine.contents.select(exchange.parameters);
  const asked = ['content_id', 'id', 'infohash'].flatMap((name) => {
    const value = exchange.parameters.get(name)?.toLowerCase();
    return value === undefined ? [] : [value];
  });
  return [...new Set([...keysOf(found), ...asked])];
}

/**
 * `GET /ace/getstream` and `/ace/manifest.m3u8`: opens a session, even if the client has disconnected meanwhile,
 * and answers at once, before any media. Unknown contents fail after the time that a real engine searches for them.
 */
export async function start(engine: Engine, exchange: Exchange, flavour: Flavour): Promise<Answer> {
  const selection = engine.contents.select(exchange.parameters);
  if (selection.found === null) {
    const { unknownIdMs, unknownInfohashMs } = engine.options;
    switch (selection.reason) {
      case 'no_selector':
        return textAnswer(500, 'Internal Server Error');
      case 'unknown_id':
        await exchange.wait(unknownIdMs);
        return asJsonp(exchange, failure(exchange, 'failed to load content'));
      case 'unknown_infohash':
        await exchange.wait(unknownInfohashMs);
        return asJsonp(exchange, failure(exchange, 'failed to load content'));
    }
  }
  // If a fault makes the answer an error, the engine has not started a session.
  if (exchange.faults.has('json_error') || exchange.faults.has('error_object')) {
    const text = exchange.faults.get('json_error')?.text('text', 'failed to load content');
    return failure(exchange, text ?? 'failed to load content');
  }
  if (engine.isFull(exchange.faults)) return failure(exchange, 'failed to start');
  const session = engine.sessions.start(
    selection.found,
    exchange.playerId,
    Number(exchange.parameters.get('client_session_id') ?? -1),
    exchange.parameters.get('use_stop_notifications') === '1',
  );
  session.stoppable = !HIDES_COMMAND_URL.some((kind) => exchange.faults.has(kind));
  const format = exchange.parameters.get('format');
  if (format === 'json' || format === 'jsonp') {
    return asJsonp(exchange, responseAnswer(description(exchange, session, flavour)));
  }
  return redirectAnswer(exchange.address(playbackPath(session, flavour)));
}
