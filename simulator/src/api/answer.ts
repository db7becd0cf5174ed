/** An answer of the engine before it is sent. */
export interface Answer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Buffer;
  /** The JSON value of the body, for faults that change JSON. */
  readonly json?: unknown;
}

const REASONS: Readonly<Record<number, string>> = {
  200: 'OK',
  206: 'Partial Content',
  302: 'Found',
  400: 'Bad Request',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  416: 'Range Not Satisfiable',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  501: 'Not Implemented',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
};

export function reasonOf(status: number): string {
  return REASONS[status] ?? 'Unknown';
}

export function jsonAnswer(json: unknown): Answer {
  return {
    status: 200,
    headers: [['Content-Type', 'application/json']],
    body: Buffer.from(JSON.stringify(json)),
    json,
  };
}

/** An answer in the format of the playback API: `{"response":…,"error":null}`. */
export function responseAnswer(response: unknown): Answer {
  return jsonAnswer({ response, error: null });
}

/** Failures of the playback API have status 200. */
export function errorAnswer(error: string): Answer {
  return jsonAnswer({ response: null, error });
}

export function textAnswer(status: number, text: string, type = 'text/plain'): Answer {
  return { status, headers: [['Content-Type', type]], body: Buffer.from(text) };
}

/** A redirect has no body and no length; the connection is closed after it. */
export function redirectAnswer(location: string): Answer {
  return { status: 302, headers: [['Location', location]], body: Buffer.alloc(0) };
}
