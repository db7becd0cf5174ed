import type { components, operations } from './api-types.js';
import { OPERATIONS } from './operations.js';

export type { components, operations, paths } from './api-types.js';

/** A schema of the API by its name, such as `Schema<'EngineDto'>`. */
export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];

export type OperationId = keyof typeof OPERATIONS;

export interface ClientOptions {
  /** Address of the server, such as `http://192.168.1.10:8000`; it may have a path. */
  readonly baseUrl: string;
  /** An API key. Without one only the operations that need no key work. */
  readonly apiKey?: string;
  /** How long a call may take if it does not say otherwise; 30 s by default. */
  readonly timeoutMs?: number;
  /** Replaces the `fetch` of the platform. */
  readonly fetch?: typeof fetch;
}

export interface CallOptions {
  /** Aborts the call, which then rejects with the reason of the signal. */
  readonly signal?: AbortSignal;
  /** After this time the call rejects with a `DOMException` named `TimeoutError`. */
  readonly timeoutMs?: number;
}

type Parameters<Id extends OperationId> = operations[Id]['parameters'];

type PathInput<Id extends OperationId> =
  Parameters<Id> extends { path: infer Path } ? { readonly path: Path } : unknown;

type QueryInput<Id extends OperationId> =
  Parameters<Id> extends { query: infer Query }
    ? { readonly query: Query }
    : Parameters<Id> extends { query?: infer Query }
      ? [Exclude<Query, undefined>] extends [never]
        ? unknown
        : { readonly query?: Query }
      : unknown;

type BodyInput<Id extends OperationId> = operations[Id] extends {
  requestBody: { content: infer Content };
}
  ? { readonly body: Content[keyof Content] }
  : operations[Id] extends { requestBody?: infer Body }
    ? [Exclude<Body, undefined>] extends [never]
      ? unknown
      : Exclude<Body, undefined> extends { content: infer Content }
        ? { readonly body?: Content[keyof Content] }
        : unknown
    : unknown;

/** What a call of an operation takes: `path`, `query` and `body` as far as the operation has them, and options. */
export type Input<Id extends OperationId> = PathInput<Id> &
  QueryInput<Id> &
  BodyInput<Id> &
  CallOptions;

type Contents<Response> = Response extends { content: { 'application/json': infer Body } }
  ? Body
  : Response extends { content: object }
    ? string
    : undefined;

type Answers<Responses> = {
  [Status in keyof Responses & (200 | 201 | 202 | 204)]: Contents<Responses[Status]>;
}[keyof Responses & (200 | 201 | 202 | 204)];

/** What a successful call gives: the JSON, a text, or `undefined` for an answer without a body. */
export type Answer<Id extends OperationId> = Answers<operations[Id]['responses']>;

type Call<Id extends OperationId> =
  object extends Input<Id>
    ? (input?: Input<Id>) => Promise<Answer<Id>>
    : (input: Input<Id>) => Promise<Answer<Id>>;

/** One function for each operation, named by its id in docs/openapi.json. */
export type Client = { readonly [Id in OperationId]: Call<Id> };

export type ProblemCode = Schema<'Problem'>['code'];

/** The server refused a call. */
export class ProblemError extends Error {
  /** What went wrong, as one of the codes of docs/errors.md; null if the answer is not from acefleet. */
  readonly code: ProblemCode | null;
  readonly status: number;
  readonly detail: string;
  /** The id of the call in the server's log. */
  readonly request_id: string | null;
  /** Seconds after which a repetition may succeed. */
  readonly retry_after: number | null;

  constructor(status: number, problem: Partial<Schema<'Problem'>>) {
    super(`${problem.code ?? status}: ${problem.detail ?? 'the answer is not a problem document'}`);
    this.name = 'ProblemError';
    this.status = status;
    this.code = problem.code ?? null;
    this.detail = problem.detail ?? '';
    this.request_id = problem.request_id ?? null;
    this.retry_after = problem.retry_after ?? null;
  }
}

const DEFAULT_TIMEOUT_MS = 30_000;

type Scalar = string | number | boolean;

interface AnyInput extends CallOptions {
  readonly path?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, Scalar | Scalar[] | undefined>>;
  readonly body?: unknown;
}

/**
 * Makes a client. Its functions reject with a `ProblemError` if the server refuses the call, and with the error of
 * `fetch` if there is no answer.
 */
export function createClient(options: ClientOptions): Client {
  const calls = Object.entries(OPERATIONS).map(([id, [method, address]]) => [
    id,
    (input: AnyInput = {}) => call(options, method, address, input),
  ]);
  return Object.fromEntries(calls) as Client;
}

async function call(
  options: ClientOptions,
  method: string,
  address: string,
  input: AnyInput,
): Promise<unknown> {
  const timeout = AbortSignal.timeout(input.timeoutMs ?? options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const send = options.fetch ?? fetch;
  const response = await send(addressOf(options.baseUrl, address, input), {
    method,
    headers: headersOf(options.apiKey, input.body),
    body: bodyOf(input.body),
    signal: input.signal === undefined ? timeout : AbortSignal.any([input.signal, timeout]),
  });
  const text = await response.text();
  const type = response.headers.get('Content-Type') ?? '';
  if (!response.ok) throw new ProblemError(response.status, readProblem(type, text));
  if (text === '') return undefined;
  return /json/.test(type) ? (JSON.parse(text) as unknown) : text;
}

function addressOf(baseUrl: string, address: string, { path, query }: AnyInput): string {
  const filled = address.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(path?.[name])),
  );
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const one of [value].flat()) if (one !== undefined) search.append(name, String(one));
  }
  return `${baseUrl.replace(/\/+$/, '')}${filled}${search.size > 0 ? `?${search.toString()}` : ''}`;
}

function headersOf(apiKey: string | undefined, body: unknown): Record<string, string> {
  return {
    Accept: 'application/json, */*;q=0.5',
    ...(apiKey === undefined ? {} : { Authorization: `Bearer ${apiKey}` }),
    ...(body === undefined
      ? {}
      : { 'Content-Type': typeof body === 'string' ? 'text/plain' : 'application/json' }),
  };
}

function bodyOf(body: unknown): string | undefined {
  return body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
}

function readProblem(type: string, text: string): Partial<Schema<'Problem'>> {
  if (!type.startsWith('application/problem+json')) return {};
  try {
    return JSON.parse(text) as Schema<'Problem'>;
  } catch {
    // Cut off on the way.
    return {};
  }
}
