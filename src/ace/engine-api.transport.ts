import { Agent, type Dispatcher } from 'undici';
import { EngineFault, type EngineEndpoint } from './ace.types';
import { CallDeadline } from './call-deadline';
import { type EngineAnswer } from './engine-answer';
import { transportFault } from './transport-fault';

export interface CallOptions {
  /** Time for the whole answer, from connecting to its last byte. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * Short GET requests to the API of engines. Every call has its own connection and none waits for
 * another: a hung `stop` or statistics call must never hold up a start on the same engine.
 */
export class EngineApiTransport {
  readonly #agent: Agent;

  constructor(connectTimeoutMs: number) {
    this.#agent = new Agent({
      connections: null,
      // Engines close after each answer. 0 asks for that, so no request is sent on a dying socket.
      pipelining: 0,
      connect: { timeout: connectTimeoutMs },
      // The deadline of the call is the only time limit; it covers head and body together.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  /**
   * The answer to `GET target`, whatever its status except a redirect, which an API call never needs.
   *
   * @throws EngineFault `engine` when there is no complete, plain answer of at most 64 KiB in time
   * @throws the reason of `signal` when the caller aborts
   */
  async get(engine: EngineEndpoint, target: string, options: CallOptions): Promise<EngineAnswer> {
    const deadline = new CallDeadline(options.timeoutMs, options.signal);
    try {
      const response = await this.#agent.request({
        origin: originOf(engine),
        path: target,
        method: 'GET',
        headers: { accept: 'application/json', 'accept-encoding': 'identity' },
        signal: deadline.signal,
      });
      return { status: response.statusCode, body: await readBody(response) };
    } catch (error) {
      deadline.signal.throwIfAborted();
      throw transportFault(error);
    } finally {
      deadline.end();
    }
  }

  /** Breaks every call that is still under way. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

async function readBody(response: Dispatcher.ResponseData): Promise<string> {
  const { body, headers, statusCode } = response;
  // A body that is destroyed unread emits an error, which nobody else would hear.
  body.on('error', () => undefined);
  const refusal = refusalOf(statusCode, headers['content-encoding']);
  if (refusal !== null) {
    body.destroy();
    throw refusal;
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) {
      throw new EngineFault('engine', 'answer_too_large', `more than ${MAX_ANSWER_BYTES} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function refusalOf(status: number, encoding: string | string[] | undefined): EngineFault | null {
  if (status >= 300 && status < 400) {
    return new EngineFault('engine', 'redirected_answer', `HTTP ${status} to an API call`);
  }
  if (encoding !== undefined && encoding !== 'identity') {
    return new EngineFault('engine', 'encoded_answer', `content-encoding ${String(encoding)}`);
  }
  return null;
}

function originOf(engine: EngineEndpoint): string {
  const host = engine.host.includes(':') ? `[${engine.host}]` : engine.host;
  return `http://${host}:${engine.port}`;
}
