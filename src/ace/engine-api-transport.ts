import type { AceTimings } from './ace-timings';
import { Agent, type IncomingMessage } from 'node:http';
import { EngineFault, type EngineEndpoint } from './ace.types';
import { CallDeadline } from './call-deadline';
import { type EngineAnswer } from './engine-answer';
import { readText, sendRequest, type HttpRequest } from './http-request';
import { transportFault } from './transport-fault';

export interface CallOptions {
  /** Time for the whole answer, from connecting to its last byte. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

const MAX_ANSWER_BYTES = 64 * 1024;

/**
 * Short requests to the API of engines. Every call has its own connection, so that a hanging `stop` or
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
  get(engine: EngineEndpoint, target: string, options: CallOptions): Promise<EngineAnswer> {
    return this.#send(engine, { path: target, headers: {} }, options);
  }

  /** Returns the answer to a PATCH request with a JSON body. Otherwise the same as `get`. */
  patch(
    engine: EngineEndpoint,
    target: string,
    { headers, json }: { headers: Readonly<Record<string, string>>; json: object },
    options: CallOptions,
  ): Promise<EngineAnswer> {
    return this.#send(
      engine,
      {
        method: 'PATCH',
        path: target,
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(json),
      },
      options,
    );
  }

  async #send(
    engine: EngineEndpoint,
    wanted: Pick<HttpRequest, 'method' | 'path' | 'headers' | 'body'>,
    options: CallOptions,
  ): Promise<EngineAnswer> {
    const deadline = new CallDeadline(options.timeoutMs, options.signal);
    try {
      const response = await sendRequest({
        host: engine.host,
        port: engine.port,
        ...wanted,
        headers: { accept: 'application/json', ...wanted.headers },
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
