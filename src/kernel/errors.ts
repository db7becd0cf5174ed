/**
 * One kind of error that callers can see. Every error becomes an RFC 9457 problem (`application/problem+json`) with
 * the status and title given here.
 */
export interface ErrorCatalogEntry {
  readonly status: number;
  readonly title: string;
  /** The meaning, for docs/errors.md and for readers of the code that throws it. */
  readonly meaning: string;
  /** Seconds after which a retry makes sense; absent if waiting does not help. */
  readonly retryAfterS?: number;
}

export const ERROR_CATALOG = {
  invalid_selector: {
    status: 400,
    title: 'Invalid selector',
    meaning: 'The content selector is missing, repeated or malformed.',
  },
  invalid_request: {
    status: 400,
    title: 'Invalid request',
    meaning: 'The request could not be parsed or does not fit what the address accepts.',
  },
  outbound_refused: {
    status: 400,
    title: 'Target refused',
    meaning: 'The address that acefleet was to fetch from may not be reached.',
  },
  unauthorized: {
    status: 401,
    title: 'Unauthorized',
    meaning: 'The address needs an API key or the token of a user, and none was sent.',
  },
  forbidden: {
    status: 403,
    title: 'Forbidden',
    meaning:
      'The API key or the token is wrong or no longer valid, the key has too small a scope, or the operation is switched off.',
  },
  not_found: {
    status: 404,
    title: 'Not found',
    meaning: 'There is nothing at this address or with this id.',
  },
  content_not_found: {
    status: 404,
    title: 'Content not found',
    meaning: 'The engine says that the content does not exist, or there is no such channel.',
  },
  method_not_allowed: {
    status: 405,
    title: 'Method not allowed',
    meaning: 'The address exists, but not for this method.',
  },
  request_timeout: {
    status: 408,
    title: 'Request timeout',
    meaning: 'The request did not arrive completely in time.',
  },
  conflict: {
    status: 409,
    title: 'Conflict',
    meaning: 'The operation does not fit the present state.',
  },
  not_managed: {
    status: 409,
    title: 'Not managed',
    meaning: 'The engines are not run by acefleet, so it cannot do this to them.',
  },
  payload_too_large: {
    status: 413,
    title: 'Payload too large',
    meaning: 'The request body is larger than accepted.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'Unsupported media type',
    meaning: 'The request body is of a type that is not accepted.',
  },
  unusable_list: {
    status: 422,
    title: 'Unusable list',
    meaning: 'The M3U list has no AceStream content, or is beyond a limit of lists.',
  },
  client_limit: {
    status: 429,
    title: 'Too many viewers',
    meaning: 'The limit of viewers per address, per stream, per user or in total is reached.',
    retryAfterS: 10,
  },
  rate_limited: {
    status: 429,
    title: 'Too many requests',
    meaning: 'Too many requests of this kind came from the same address.',
    retryAfterS: 60,
  },
  header_too_large: {
    status: 431,
    title: 'Request header too large',
    meaning: 'The request line or its header fields are larger than accepted.',
  },
  internal_error: {
    status: 500,
    title: 'Internal error',
    meaning: 'A fault in acefleet itself; the log has the details under the request id.',
  },
  unsupported_content: {
    status: 501,
    title: 'Unsupported content',
    meaning:
      'The content is a playlist, is recorded but was requested as HLS, or has media that cannot be played.',
  },
  engine_failed: {
    status: 502,
    title: 'Engine failed',
    meaning: 'Every engine that was tried returned an error or an invalid answer.',
  },
  storage_full: {
    status: 507,
    title: 'Storage full',
    meaning:
      'The disk or the quota of DATA_DIR is exhausted, or DATA_DIR is read-only; nothing was changed.',
    retryAfterS: 30,
  },
  storage_failed: {
    status: 507,
    title: 'Storage failed',
    meaning: 'The data in DATA_DIR cannot be written; nothing was changed.',
    retryAfterS: 30,
  },
  too_many_connections: {
    status: 503,
    title: 'Too many connections',
    meaning:
      'The limit of connections is reached, and every one of them has a request in progress.',
    retryAfterS: 10,
  },
  no_engine: {
    status: 503,
    title: 'No engine',
    meaning: 'No healthy engine became available in time.',
    retryAfterS: 10,
  },
  no_capacity: {
    status: 503,
    title: 'No capacity',
    meaning: 'Every engine is full and the fleet may not grow.',
    retryAfterS: 10,
  },
  egress_limit: {
    status: 503,
    title: 'Bandwidth limit',
    meaning: 'The viewers together take what MAX_EGRESS_BPS allows.',
    retryAfterS: 10,
  },
  bitrate_limit: {
    status: 503,
    title: 'Bit rate limit',
    meaning: 'The bit rate of the stream is above PROXY_MAX_STREAM_BPS.',
    retryAfterS: 60,
  },
  provisioning_blocked: {
    status: 503,
    title: 'Provisioning blocked',
    meaning:
      'No engine is created now: too many starts failed in a row, or there is no room for an engine.',
    retryAfterS: 30,
  },
  image_missing: {
    status: 503,
    title: 'Image missing',
    meaning: "The engine's image is missing and could not be pulled.",
    retryAfterS: 30,
  },
  port_conflict: {
    status: 503,
    title: 'Port conflict',
    meaning: 'A port that the engine needs is taken by another program.',
    retryAfterS: 10,
  },
  name_conflict: {
    status: 503,
    title: 'Name conflict',
    meaning: "Another container has the engine's name.",
    retryAfterS: 10,
  },
  docker_unavailable: {
    status: 503,
    title: 'Docker unavailable',
    meaning: 'The Docker Engine does not answer in time.',
    retryAfterS: 10,
  },
  outbound_failed: {
    status: 502,
    title: 'Fetch failed',
    meaning: 'The address that acefleet was to fetch from gave no usable answer.',
  },
  runtime_refused: {
    status: 502,
    title: 'Runtime refused',
    meaning: 'Docker or the operating system refused; the detail has its message.',
  },
  still_starting: {
    status: 503,
    title: 'Still starting',
    meaning:
      'The stream is still starting. The start continues; a browser would not wait longer for an answer.',
    retryAfterS: 2,
  },
  shutting_down: {
    status: 503,
    title: 'Shutting down',
    meaning: 'The process is about to end.',
    retryAfterS: 10,
  },
  start_timeout: {
    status: 504,
    title: 'Start timeout',
    meaning: 'No media arrived within the start budget.',
    retryAfterS: 15,
  },
} as const satisfies Record<string, ErrorCatalogEntry>;

export type ErrorCode = keyof typeof ERROR_CATALOG;

export interface AppErrorOptions {
  readonly cause?: unknown;
  /** Overrides `retryAfterS` of the catalogue, for example with the remaining time of a negative cache entry. */
  readonly retryAfterS?: number;
}

/** An error that a caller may see. `detail` is safe to show; `cause` is only for the log. */
export class AppError extends Error {
  readonly status: number;
  readonly title: string;
  readonly retryAfterS: number | undefined;

  constructor(
    readonly code: ErrorCode,
    readonly detail: string,
    options: AppErrorOptions = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'AppError';
    const entry: ErrorCatalogEntry = ERROR_CATALOG[code];
    this.status = entry.status;
    this.title = entry.title;
    this.retryAfterS = options.retryAfterS ?? entry.retryAfterS;
  }
}

/** Returns an AppError unchanged, and any other thrown value as `internal_error` with `detail`. */
export function asAppError(thrown: unknown, detail: string): AppError {
  return thrown instanceof AppError
    ? thrown
    : new AppError('internal_error', detail, { cause: thrown });
}

/** Body of an error response as in RFC 9457. `request_id` is also in the log. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly request_id: string;
  readonly retry_after?: number;
}

export function toProblem(error: AppError, requestId: string): ProblemDocument {
  return {
    type: `urn:acefleet:error:${error.code}`,
    title: error.title,
    status: error.status,
    code: error.code,
    detail: error.detail,
    request_id: requestId,
    ...(error.retryAfterS === undefined ? {} : { retry_after: Math.ceil(error.retryAfterS) }),
  };
}
