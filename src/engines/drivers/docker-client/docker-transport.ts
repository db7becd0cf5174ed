import type { IncomingMessage } from 'node:http';
import Docker from 'dockerode';
import { CallDeadline } from './call-deadline';
import { CallSlots } from './call-slots';
import { DockerAgent, MAX_DOCKER_SOCKETS } from './docker-agent';
import { endpointText, type DockerEndpoint } from './docker-endpoint';
import { DockerAccessError, DockerError, oneLine, unavailable } from './docker-error';
import type { DockerAnswer } from './docker-refusal';
import { accessAdvice, readSocketFacts } from './socket-access';

/** One question to Docker. */
export interface DockerCall {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Without query: `/containers/json`. */
  readonly path: string;
  /** Undefined values are left out; objects (filters) go as JSON. */
  readonly query?: Readonly<Record<string, string | number | boolean | object | undefined>>;
  readonly body?: object;
  /** For everything: waiting for a connection, the answer's head and, unless it is a stream, its body. */
  readonly deadlineMs: number;
  /** When it fires, the call fails with its reason. */
  readonly signal?: AbortSignal | undefined;
}

/** An answer that goes on: events, progress. The receiver reads `body` and must call `end`. */
export interface DockerStream {
  readonly status: number;
  readonly body: IncomingMessage;
  /** Ends the request and frees its connection, whether all was read or not. */
  end(): void;
}

/** Events and pulls. They may take as long as they like, so they must not take connections from others. */
const STREAM_SLOTS = 4;
const CALL_SLOTS = MAX_DOCKER_SOCKETS - STREAM_SLOTS;

/**
 * Stopping an engine takes seconds, and many may stop at once. One connection is left for looks: if these had to
 * wait until they are given up, Docker would be taken for gone.
 */
const CHANGE_SLOTS = CALL_SLOTS - 1;

/** A thousand containers are listed in about 4 MB. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;

/** docker-modem reads refusals without a bound. It takes every status for a success, so that we read them. */
const EVERY_STATUS = Object.fromEntries(
  Array.from({ length: 1000 }, (_, status) => [status, true]),
);

interface Modem {
  dial(options: object, callback: (error: Error | null, answer: IncomingMessage) => void): void;
}

/**
 * Questions and answers, with deadlines, bounds and a limited number of connections. Knows HTTP, not Docker.
 *
 * Everything is asked for as a stream and read here: docker-modem (5.0) never calls back when an answer breaks
 * off in the middle, and reads answers of any size.
 */
export class DockerTransport {
  private readonly agent = new DockerAgent();
  private readonly modem: Modem;
  private readonly calls = new CallSlots(CALL_SLOTS);
  private readonly changes = new CallSlots(CHANGE_SLOTS);
  private readonly streams = new CallSlots(STREAM_SLOTS);
  private readonly open = new Set<CallDeadline>();
  private isClosed = false;

  constructor(private readonly endpoint: DockerEndpoint) {
    // Everything is given: what is not, docker-modem takes from DOCKER_* variables.
    const place =
      endpoint.kind === 'socket'
        ? { socketPath: endpoint.path, host: undefined, port: undefined }
        : { socketPath: undefined, host: `http://${endpoint.host}`, port: endpoint.port };
    const options = { ...place, protocol: 'http', timeout: undefined, agent: this.agent };
    this.modem = new Docker(options as Docker.DockerOptions).modem as Modem;
  }

  get openSockets(): number {
    return this.agent.openSockets;
  }

  /**
   * Asks and reads the whole answer, whatever its status.
   *
   * @throws DockerError `docker_unavailable`, or the signal's reason
   */
  async ask(call: DockerCall): Promise<DockerAnswer> {
    const slots = call.method === 'GET' ? [this.calls] : [this.changes, this.calls];
    return this.within(call, slots, async (deadline, release) => {
      try {
        const answer = await this.dialAgain(call, deadline.signal);
        return { status: answer.statusCode ?? 0, body: await readBody(answer) };
      } finally {
        deadline.dispose();
        this.open.delete(deadline);
        release();
      }
    });
  }

  /**
   * Asks and gives the answer as soon as its head is there. Reading fails like a call when it is ended.
   *
   * @throws DockerError `docker_unavailable`, or the signal's reason
   */
  async openStream(call: DockerCall): Promise<DockerStream> {
    return this.within(call, [this.streams], async (deadline, release) => {
      const body = await this.dialAgain(call, deadline.signal);
      deadline.lift();
      body.once('close', () => {
        deadline.dispose();
        this.open.delete(deadline);
        release();
      });
      // Whoever reads gets the error too; without any listener it would end the process.
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

  /** Ends every call. Later ones fail. */
  close(): void {
    this.isClosed = true;
    for (const deadline of this.open) deadline.end(unavailable('the Docker client is closed'));
    this.open.clear();
    this.agent.destroy();
  }

  private async within<T>(
    call: DockerCall,
    slots: readonly CallSlots[],
    work: (deadline: CallDeadline, release: () => void) => Promise<T>,
  ): Promise<T> {
    if (this.isClosed) throw unavailable('the Docker client is closed');
    const deadline = new CallDeadline(`${call.method} ${call.path}`, call.deadlineMs, call.signal);
    this.open.add(deadline);
    const held: (() => void)[] = [];
    const release = (): void => {
      for (const giveBack of held) giveBack();
    };
    try {
      for (const slot of slots) held.push(await slot.take(deadline.signal));
      return await work(deadline, release);
    } catch (error) {
      // Ended here, too, when it was not the deadline: whatever is left of the request goes with it.
      const reason: unknown = deadline.signal.aborted ? deadline.signal.reason : error;
      deadline.end(reason);
      this.open.delete(deadline);
      release();
      throw this.explain(reason, call);
    }
  }

  /** A kept connection may have been closed by Docker meanwhile. Looking twice does no harm. */
  private async dialAgain(call: DockerCall, signal: AbortSignal): Promise<IncomingMessage> {
    try {
      return await this.dial(call, signal);
    } catch (error) {
      if (call.method !== 'GET' || signal.aborted || !wasReset(error)) throw error;
      return this.dial(call, signal);
    }
  }

  private dial(call: DockerCall, signal: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => reject(signal.reason as Error);
      if (signal.aborted) {
        onAbort();
        return;
      }
      signal.addEventListener('abort', onAbort, { once: true });
      this.modem.dial(
        {
          // A query is only looked at behind a question mark; without a `_body` the query would be the body.
          path: call.query === undefined ? call.path : `${call.path}?`,
          method: call.method,
          options: { _query: defined(call.query), _body: call.body ?? {} },
          abortSignal: signal,
          isStream: true,
          statusCodes: EVERY_STATUS,
        },
        (error, answer) => {
          signal.removeEventListener('abort', onAbort);
          if (error !== null) reject(error);
          else if (signal.aborted) answer.destroy();
          else resolve(answer);
        },
      );
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
    const words = UNREACHABLE.has(code)
      ? `Docker cannot be reached at ${at}: ${code}`
      : `the connection to Docker at ${at} failed: ${oneLine(message)}`;
    return unavailable(words, error);
  }
}

const DENIED = new Set(['EACCES', 'EPERM']);

const UNREACHABLE = new Set(['ECONNREFUSED', 'ENOENT', 'EACCES', 'ENOTFOUND', 'EHOSTUNREACH']);

async function readBody(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_BODY_BYTES) throw unavailable('the answer of Docker is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function defined(query: DockerCall['query']): object {
  return Object.fromEntries(Object.entries(query ?? {}).filter(([, value]) => value !== undefined));
}

function wasReset(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ECONNRESET' || code === 'EPIPE';
}
