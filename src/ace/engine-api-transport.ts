import type { AceTimings } from './ace-timings';
import { Agent, type IncomingMessage } from 'node:http';
import { EngineFault, type EngineEndpoint } from './ace.types';
import { CallDeadline } from './call-deadline';
import { type EngineAnswer } from './engine-answer';
import { httpGet, readText } from './http-get';
import { transportFault } from './transport-fault';

export interface CallOptions {
  /** Time for the whole answer, from connecting to its last byte. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * Short GET requests to the API of engines. Every call has its own connection, so that a hanging `stop` or
 * statistics call never delays a start on the same engine.
 */
export class EngineApiTransport {
  // Engines close the connection after each answer, so a kept one would fail.
  readonly #agent = new Agent({ keepAlive: false, maxSockets: Infinity });

  constructor(private readonly timings: Pick<AceTimings, 'connectTimeoutMs'>) {}

  /**
   * Returns the answer to `GET target` with any status except a redirect, which an API call never needs.
   *
   * @throws EngineFault `engine` when there is no complete, unencoded answer of at most 64 KiB in time
   * @throws the reason of `signal` when the caller aborts
   */
  async get(engine: EngineEndpoint, target: string, options: CallOptions): Promise<EngineAnswer> {
    const deadline = new CallDeadline(options.timeoutMs, options.signal);
    try {
      const response = await httpGet({
        host: engine.host,
        port: engine.port,
        path: target,
        headers: { accept: 'application/json' },
        agent: this.#agent,
        connectTimeoutMs: this.timings.connectTimeoutMs,
        signal: deadline.signal,
      });
      throwUnlessReadable(response);
      const body = await readText(response, MAX_ANSWER_BYTES);
      return { status: response.statusCode ?? 0, body };
    } catch (error) {
      deadline.signal.throwIfAborted();
      throw transportFault(error);
    } finally {
      deadline.end();
    }
  }

  /** Closes the connections of all running calls. */
  close(): void {
    this.#agent.destroy();
  }
}

/** Throws, and destroys the response, if it is a redirect or has a content encoding. */
function throwUnlessReadable(response: IncomingMessage): void {
  const { statusCode: status = 0, headers } = response;
  const encoding = headers['content-encoding'] ?? 'identity';
  if (status >= 300 && status < 400) {
    response.destroy();
    throw new EngineFault('engine', 'redirected_answer', `HTTP ${status} to an API call`);
  }
  if (encoding !== 'identity') {
    response.destroy();
    throw new EngineFault('engine', 'encoded_answer', `content-encoding ${encoding}`);
  }
}
