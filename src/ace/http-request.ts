import { type Agent, type IncomingMessage, request } from 'node:http';
import { EngineFault } from './ace.types';

export interface HttpRequest {
  /** `GET` by default. */
  readonly method?: 'GET' | 'PATCH';
  /** JSON; none by default. */
  readonly body?: string;
  readonly host: string;
  readonly port: number;
  /** Path with query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly agent: Agent;
  /** Time from the start of the connection until it is established. */
  readonly connectTimeoutMs: number;
  /** When it aborts, the request fails with its reason, and a response that was already returned is destroyed. */
  readonly signal: AbortSignal;
}

/** Sends a request and resolves with the head of the response, whose body is unread. Follows no redirect. */
export function sendRequest(wanted: HttpRequest): Promise<IncomingMessage> {
  const { signal, connectTimeoutMs } = wanted;
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const { method = 'GET', body = null, host, port, path, agent } = wanted;
    const length = body === null ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const outgoing = request({
      ...{ method, host, port, path, agent },
      headers: { 'accept-encoding': 'identity', ...wanted.headers, ...length },
      insecureHTTPParser: false,
    });
    let response: IncomingMessage | null = null;
    const onAbort = (): void => {
      reject(signal.reason as Error);
      response?.destroy();
      outgoing.destroy();
    };
    signal.addEventListener('abort', onAbort, { once: true });
    outgoing.once('close', () => signal.removeEventListener('abort', onAbort));
    outgoing.setNoDelay(true);
    outgoing.once('socket', (socket) => {
      const timer = setTimeout(() => {
        const detail = `no connection within ${connectTimeoutMs} ms`;
        outgoing.destroy(new EngineFault('engine', 'connect_timeout', detail));
      }, connectTimeoutMs);
      socket.once('connect', () => clearTimeout(timer));
      socket.once('close', () => clearTimeout(timer));
      // Added before Node's own listener, which would treat a reset as the end of a body that has no length.
      socket.prependListener('error', (error) => {
        if (response?.complete === false) {
          response.destroy(error);
        }
      });
    });
    outgoing.once('response', (incoming) => {
      response = incoming;
      // A connection can break before the caller has attached its own listener.
      incoming.on('error', () => undefined);
      resolve(incoming);
    });
    outgoing.once('upgrade', (_head, socket) => {
      socket.destroy();
      reject(new EngineFault('engine', 'http_101', 'an unrequested protocol upgrade'));
    });
    // Stays until the body has ended, because a reset is reported on the request as well as on the response.
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/**
 * The whole body as text.
 *
 * @throws EngineFault `answer_too_large`, `truncated_answer`; the error of the connection
 */
export async function readText(response: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) {
        throw new EngineFault('engine', 'answer_too_large', `more than ${maxBytes} bytes`);
      }
      chunks.push(chunk);
    }
  } catch (error) {
    // Node's error message for a connection that the other side closed in the middle of a body.
    if ((error as Error).message !== 'aborted') throw error;
    throw new EngineFault('engine', 'truncated_answer', `closed after ${bytes} bytes`);
  }
  return Buffer.concat(chunks).toString('utf8');
}
