import type { Answer } from '../api/answer';
import type { Fault } from './fault';
import type { RequestFaults } from './fault-book';
import type { FaultKind } from './fault-kinds';

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Copies the answer with another JSON value. */
function withJson(answer: Answer, json: unknown): Answer {
  return { ...answer, json, body: Buffer.from(JSON.stringify(json)) };
}

function withResponse(answer: Answer, change: (response: Json) => Json): Answer {
  const { json } = answer;
  if (!isObject(json)) return answer;
  const key = 'result' in json ? 'result' : 'response';
  const response = json[key];
  return isObject(response) ? withJson(answer, { ...json, [key]: change(response) }) : answer;
}

function without(response: Json, field: string): Json {
  return Object.fromEntries(Object.entries(response).filter(([name]) => name !== field));
}

/** Changes the type of every value: strings become numbers, numbers become strings, objects become lists. */
function retyped(response: Json): Json {
  const change = (value: unknown): unknown => {
    if (typeof value === 'string') return 12_345;
    if (typeof value === 'number') return String(value);
    return isObject(value) ? [] : {};
  };
  return Object.fromEntries(Object.entries(response).map(([name, value]) => [name, change(value)]));
}

function overridden(answer: Answer, fault: Fault): Answer {
  const urls = ['playback_url', 'stat_url', 'command_url', 'event_url'].flatMap((field) => {
    const url = fault.optionalText(field);
    return url === null ? [] : [[field, url] as const];
  });
  return withResponse(answer, (response) => ({ ...response, ...Object.fromEntries(urls) }));
}

function withoutField(answer: Answer, fault: Fault): Answer {
  const field = fault.text('field', 'playback_url');
  const empty = fault.text('mode', 'missing') === 'empty';
  return withResponse(answer, (response) =>
    empty ? { ...response, [field]: '' } : without(response, field),
  );
}

function padded(answer: Answer, fault: Fault): Answer {
  const bytes = Math.max(0, Math.min(fault.number('bytes', 100_000_000), 5e8));
  const { json } = answer;
  if (!isObject(json)) return answer;
  return { ...answer, body: Buffer.from(JSON.stringify({ padding: 'x'.repeat(bytes), ...json })) };
}

const DEFAULT_ERROR = 'failed to load content';

const JSON_FAULTS: Partial<Record<FaultKind, (answer: Answer, fault: Fault) => Answer>> = {
  json_error: (answer, fault) =>
    withJson(answer, { response: null, error: fault.text('text', DEFAULT_ERROR) }),
  error_object: (answer, fault) =>
    withJson(answer, {
      response: null,
      error: { message: fault.text('text', DEFAULT_ERROR), code: 0 },
    }),
  empty_response: (answer) => withResponse(answer, () => ({})),
  missing_playback_url: withoutField,
  wrong_types: (answer) => withResponse(answer, retyped),
  not_live: (answer, fault) =>
    withResponse(answer, (response) => ({ ...response, is_live: fault.number('is_live', 0) })),
  url_override: overridden,
  network_disconnected: (answer) =>
    withResponse(answer, (response) =>
      'connected' in response ? { ...response, connected: false } : response,
    ),
  huge_json: padded,
  malformed_json: (answer, fault) => ({
    ...answer,
    body: Buffer.from(fault.text('text', '{"response": {playback_url: ')),
  }),
  truncated_json: (answer) => ({
    ...answer,
    body: answer.body.subarray(0, Math.floor(answer.body.length / 2)),
  }),
};

/** Applies the faults of a request to its JSON answer; other answers are unchanged. */
export function damageJson(original: Answer, faults: RequestFaults): Answer {
  if (original.json === undefined) return original;
  return faults.all.reduce(
    (answer, fault) => JSON_FAULTS[fault.kind]?.(answer, fault) ?? answer,
    original,
  );
}
