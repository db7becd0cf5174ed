import { Agent, type IncomingMessage, request } from 'node:http';
import { Semaphore } from '../../../kernel/semaphore';
import { readBody } from './answer-body';
import {
  accessAdvice,
  type DockerEndpoint,
  endpointText,
  readSocketFacts,
} from './docker-endpoint';
import {
  DockerAccessError,
  type DockerAnswer,
  DockerError,
  oneLine,
  unavailable,
} from './docker-error';

/** One request to Docker. */
export interface DockerCall {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Without query: `/containers/json`. */
  readonly path: string;
  /** Undefined values are left out; objects (filters) are sent as JSON. */
  readonly query?: Readonly<Record<string, string | number | boolean | object | undefined>>;
  readonly body?: object;
  /** Covers waiting for a connection, the head of the answer and, unless the answer is a stream, its body. */
  readonly deadlineMs: number;
  /** When it fires, the call fails with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * An answer that has no end of its own: events, or the progress of a pull. The receiver reads `body` and must call
 * `end`.
 */
export interface DockerStream {
  readonly status: number;
  readonly body: IncomingMessage;
  /** Ends the request and frees its connection, even when the body was not read to its end. */
  end(): void;
}

/** Maximum number of connections to Docker. */
const MAX_SOCKETS = 10;

/** An idle connection is closed after this time. */
const IDLE_MS = 30_000;

/** Streams of events and pulls may last for hours, so they have their own connections and never block other calls. */
const MAX_STREAMS = 4;
const MAX_CALLS = MAX_SOCKETS - MAX_STREAMS;

/**
 * Stopping an engine takes seconds, and many engines may stop at once. One connection stays free for reading: if
 * reads waited until their deadlines, Docker would be reported as gone.
 */
const MAX_CHANGES = MAX_CALLS - 1;

/**
 * Sends calls over HTTP with deadlines, bounded answers and a limited number of connections. It does not interpret the
 * answers.
 */
export class DockerTransport {
  private readonly agent = new Agent({
    keepAlive: true,
    maxSockets: MAX_SOCKETS,
    maxFreeSockets: 2,
    timeout: IDLE_MS,
  });
  private readonly calls = new Semaphore(MAX_CALLS);
  private readonly changes = new Semaphore(MAX_CHANGES);
  private readonly streams = new Semaphore(MAX_STREAMS);
  private readonly open = new Set<CallDeadline>();
  private isClosed = false;

  constructor(private readonly endpoint: DockerEndpoint) {}

  /** Connections that are open now, idle ones included. */
  get openSockets(): number {
    const { sockets, freeSockets } = this.agent;
    const lists = [...Object.values(sockets), ...Object.values(freeSockets)];
    return lists.reduce((sum, list) => sum + (list?.length ?? 0), 0);
  }

  /**
   * Sends a call and reads the complete answer, whatever its status.
   *
   * @throws DockerError `docker_unavailable`, or the signal's reason
   */
  async ask(call: DockerCall): Promise<DockerAnswer> {
    const limits = call.method === 'GET' ? [this.calls] : [this.changes, this.calls];
    return this.within(call, limits, async (deadline, release) => {
      try {
        const answer = await this.sendAgain(call, deadline.signal);
        return { status: answer.statusCode ?? 0, body: await readBody(answer) };
      } finally {
        deadline.dispose();
        this.open.delete(deadline);
        release();
      }
    });
  }

  /**
   * Sends a call and returns when the head of the answer has arrived. Reading the body fails when the call is ended.
   *
   * @throws DockerError `docker_unavailable`, or the signal's reason
   */
  async openStream(call: DockerCall): Promise<DockerStream> {
    return this.within(call, [this.streams], async (deadline, release) => {
      const body = await this.sendAgain(call, deadline.signal);
      deadline.lift();
      body.once('close', () => {
        deadline.dispose();
        this.open.delete(deadline);
        release();
      });
      // The reader gets the error as well; without any listener it would end the process.
      body.on('error', () => undefined);
      return {
        status: body.statusCode ?? 0,
        body,
        end: () => {
          deadline.end(unavailable('the stream was ended'));
        },
      };
    });
  }

  /** Ends every call. Later calls fail. */
  close(): void {
    this.isClosed = true;
    for (const deadline of this.open) deadline.end(unavailable('the Docker client is closed'));
    this.open.clear();
    this.agent.destroy();
  }

  private async within<T>(
    call: DockerCall,
    limits: readonly Semaphore[],
    work: (deadline: CallDeadline, release: () => void) => Promise<T>,
  ): Promise<T> {
    if (this.isClosed) throw unavailable('the Docker client is closed');
    const deadline = new CallDeadline(`${call.method} ${call.path}`, call.deadlineMs, call.signal);
    this.open.add(deadline);
    const permits: (() => void)[] = [];
    const release = (): void => {
      for (const giveBack of permits) giveBack();
    };
    try {
      for (const limit of limits) permits.push(await limit.acquire(deadline.signal));
      return await work(deadline, release);
    } catch (error) {
      const reason: unknown = deadline.signal.aborted ? deadline.signal.reason : error;
      // Called even if the deadline did not cause the failure, because it ends what is left of the request.
      deadline.end(reason);
      this.open.delete(deadline);
      release();
      throw this.explain(reason, call);
    }
  }

  /**
   * Sends a call. A kept-alive connection may have been closed by Docker meanwhile, so a GET is repeated once;
   * reading twice does no harm.
   */
  private async sendAgain(call: DockerCall, signal: AbortSignal): Promise<IncomingMessage> {
    try {
      return await this.send(call, signal);
    } catch (error) {
      if (call.method !== 'GET' || signal.aborted || !wasReset(error)) throw error;
      return this.send(call, signal);
    }
  }

  private send(call: DockerCall, signal: AbortSignal): Promise<IncomingMessage> {
    const { endpoint, agent } = this;
    const address =
      endpoint.kind === 'socket'
        ? { socketPath: endpoint.path }
        : { host: endpoint.host, port: endpoint.port };
    const body = call.body === undefined ? '' : JSON.stringify(call.body);
    const headers = body === '' ? {} : { 'Content-Type': 'application/json' };
    const path = call.path + queryText(call.query);
    return new Promise((resolve, reject) => {
      request({ ...address, agent, method: call.method, path, headers, signal })
        .once('response', resolve)
        .on('error', reject)
        .end(body);
    });
  }

  private explain(error: unknown, call: DockerCall): unknown {
    if (error instanceof DockerError || call.signal?.aborted === true) return error;
    const { code = '', message } = error as NodeJS.ErrnoException;
    const at = endpointText(this.endpoint);
    if (DENIED.has(code) && this.endpoint.kind === 'socket') {
      const advice = accessAdvice(readSocketFacts(this.endpoint.path));
      return new DockerAccessError(`Docker cannot be reached at ${at}: ${code}, ${advice}`, error);
    }
    const text = UNREACHABLE.has(code)
      ? `Docker cannot be reached at ${at}: ${code}`
      : `the connection to Docker at ${at} failed: ${oneLine(message)}`;
    return unavailable(text, error);
  }
}

const DENIED = new Set(['EACCES', 'EPERM']);

const UNREACHABLE = new Set(['ECONNREFUSED', 'ENOENT', 'EACCES', 'ENOTFOUND', 'EHOSTUNREACH']);

/** Ends a call when its caller aborts it, when its time is over, or when the client is closed. */
class CallDeadline {
  private readonly controller = new AbortController();
  private readonly timer: NodeJS.Timeout;
  private readonly onCallerAbort = (): void => {
    this.end(this.caller?.reason);
  };

  /** @param name for the message: `GET /containers/json` */
  constructor(
    name: string,
    deadlineMs: number,
    private readonly caller: AbortSignal | undefined,
  ) {
    this.timer = setTimeout(() => {
      this.end(unavailable(`Docker gave no answer to ${name} within ${deadlineMs / 1000} s`));
    }, deadlineMs);
    if (caller?.aborted === true) this.onCallerAbort();
    else caller?.addEventListener('abort', this.onCallerAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Removes the limit in time. From now on only the caller or `end` ends the call. */
  lift(): void {
    clearTimeout(this.timer);
  }

  /** Ends the call for this reason. Does nothing after `dispose` or after another reason. */
  end(reason: unknown): void {
    this.controller.abort(reason);
    this.dispose();
  }

  /** Releases the timer and the caller's signal. Must be called on every way out. */
  dispose(): void {
    clearTimeout(this.timer);
    this.caller?.removeEventListener('abort', this.onCallerAbort);
  }
}

function queryText(query: DockerCall['query'] = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    parameters.set(name, typeof value === 'object' ? JSON.stringify(value) : String(value));
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}

function wasReset(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ECONNRESET' || code === 'EPIPE';
}
