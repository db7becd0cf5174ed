import { request, type IncomingHttpHeaders } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The parsed body if it is JSON, else undefined. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into answers of many shapes
  readonly body: any;
}

export interface Call {
  readonly port: number;
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
}

/** One request on its own connection, which is closed afterwards. */
export async function call(of: Call): Promise<Answer> {
  const payload = of.body === undefined ? null : JSON.stringify(of.body);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port: of.port,
        method: of.method ?? 'GET',
        path: of.path,
        agent: false,
        signal: AbortSignal.timeout(of.timeoutMs ?? 60_000),
        headers: {
          ...(payload === null ? {} : { 'Content-Type': 'application/json' }),
          ...of.headers,
        },
      },
      (incoming) => {
        const pieces: Buffer[] = [];
        incoming.on('data', (piece: Buffer) => pieces.push(piece));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const text = Buffer.concat(pieces).toString();
          const { statusCode: status = 0, headers } = incoming;
          resolve({ status, headers, text, body: parse(text) });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(payload ?? undefined);
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
