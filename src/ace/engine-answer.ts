import { isHexId } from '../kernel/content-selector';
import { EngineFault, type EngineSession, type EngineStat } from './ace.types';
import { engineTarget } from './engine-address';
import { faultOfError, faultOfKnownText, quoteEngine } from './engine-fault-table';

/** A complete answer of an engine's API; its size was limited on receipt. */
export interface EngineAnswer {
  readonly status: number;
  readonly body: string;
}

export type Fields = Readonly<Record<string, unknown>>;

const MAX_TEXT_LENGTH = 128;

/**
 * The payload of an answer: its `response` (playback, statistics) or `result` (service API). Engines send most errors
 * with HTTP 200, as text or as an object with a `message`.
 *
 * @throws EngineFault of the kind that fits the reported error; `engine` if the status is not 200 and the text is no
 *   known error, or if a 200 answer is no JSON object
 */
export function payloadOf(answer: EngineAnswer, field: 'response' | 'result'): unknown {
  const fields = jsonFields(answer.body);
  const error = fields?.['error'];
  if (error !== undefined && error !== null && error !== '' && error !== false) {
    throw faultOfError(error);
  }
  if (answer.status !== 200) {
    throw faultOfKnownText(answer.body) ?? fault(`http_${answer.status}`, answer.body);
  }
  if (fields === null) {
    throw fault('bad_json', answer.body);
  }
  return fields[field];
}

/**
 * The session that a `getstream?format=json` answer describes.
 *
 * @throws EngineFault also for `{"response":{}}`, for a missing or empty playback address, and for addresses that
 *   cannot be turned into addresses on the engine itself
 */
export function sessionOf(answer: EngineAnswer, playerId: string): EngineSession {
  const response = responseFields(answer);
  const playbackUrl = response['playback_url'];
  if (typeof playbackUrl !== 'string' || playbackUrl === '') {
    throw fault('no_playback_url', answer.body);
  }
  const infohash = textOf(response['infohash'])?.toLowerCase() ?? '';
  return {
    playbackPath: engineTarget(playbackUrl),
    statPath: optionalTarget(response['stat_url']),
    commandPath: optionalTarget(response['command_url']),
    infohash: isHexId(infohash) ? infohash : null,
    playbackSessionId: textOf(response['playback_session_id']),
    isLive: liveness(response['is_live']),
    playerId,
  };
}

/**
 * The command path of an answer that is otherwise unusable, or null. The engine has opened a session nevertheless,
 * and only this path can end it.
 */
export function commandPathOf(answer: EngineAnswer): string | null {
  try {
    return optionalTarget(responseFields(answer)['command_url']);
  } catch {
    return null;
  }
}

/** The statistics. Every field may be missing, and the first answer of a session is often `{}`. */
export function statOf(answer: EngineAnswer): EngineStat {
  const response = responseFields(answer);
  const position = asFields(response['livepos']);
  return {
    status: textOf(response['status']),
    peers: countOf(response['peers']),
    speedDownKBps: countOf(response['speed_down']),
    speedUpKBps: countOf(response['speed_up']),
    downloadedBytes: countOf(response['downloaded']),
    uploadedBytes: countOf(response['uploaded']),
    livePosition:
      position === null
        ? null
        : {
            pos: textOf(position['pos']),
            liveFirst: textOf(position['live_first']),
            liveLast: textOf(position['live_last']),
            firstTs: textOf(position['first_ts']),
            lastTs: textOf(position['last_ts']),
            last: textOf(position['last']),
            bufferPieces: textOf(position['buffer_pieces']),
          },
  };
}

/** The version in a `get_version` answer; null when it contains none, or when the engine lacks the method. */
export function versionOf(answer: EngineAnswer): string | null {
  try {
    return textOf(asFields(payloadOf(answer, 'result'))?.['version']);
  } catch (error) {
    if (error instanceof EngineFault && error.reason === 'unknown_method') {
      return null;
    }
    throw error;
  }
}

/**
 * The network state in a `get_network_connection_status` answer. Null if it contains none, as with the error answers
 * of older engines.
 */
export function networkConnectedOf(answer: EngineAnswer): boolean | null {
  try {
    const connected = asFields(payloadOf(answer, 'result'))?.['connected'];
    return typeof connected === 'boolean' ? connected : null;
  } catch {
    return null;
  }
}

/** The fault that the body of a refusal names, as JSON or as plain text; null if it names none. */
export function faultOfBody(body: string): EngineFault | null {
  const error = jsonFields(body)?.['error'];
  return error === undefined || error === null ? faultOfKnownText(body) : faultOfError(error);
}

function responseFields(answer: EngineAnswer): Fields {
  const response = asFields(payloadOf(answer, 'response'));
  if (response === null) {
    throw fault('no_response', answer.body);
  }
  return response;
}

function jsonFields(body: string): Fields | null {
  try {
    const value: unknown = JSON.parse(body);
    return asFields(value);
  } catch {
    return null;
  }
}

export function asFields(value: unknown): Fields | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : null;
}

/**
 * Reads an address on which the media do not depend. It may be missing or of a wrong type, but must not lead
 * elsewhere.
 */
function optionalTarget(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? engineTarget(value) : null;
}

export function textOf(value: unknown): string | null {
  if (typeof value === 'number' && Number.isFinite(value)) {
    return String(value);
  }
  if (typeof value !== 'string' || value === '' || value.length > MAX_TEXT_LENGTH) {
    return null;
  }
  return quoteEngine(value);
}

function countOf(value: unknown): number | null {
  const count = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;
  return typeof count === 'number' && Number.isFinite(count) && count >= 0 ? count : null;
}

function liveness(value: unknown): 1 | 0 | -1 {
  const flag = typeof value === 'boolean' ? Number(value) : countOf(value);
  return flag === 0 || flag === 1 ? flag : -1;
}

function fault(reason: string, body: string): EngineFault {
  return new EngineFault('engine', reason, quoteEngine(body));
}
