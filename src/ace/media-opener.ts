import type { AceTimings } from './ace-timings';
import { Agent, type IncomingMessage } from 'node:http';
import { EngineFault, type EngineEndpoint } from './ace.types';
import { CallDeadline } from './call-deadline';
import { engineTarget } from './engine-address';
import { faultOfBody } from './engine-answer';
import { quoteEngine } from './engine-fault-table';
import { sendRequest } from './http-request';
import { mediaTypeOf } from './media-type';
import { transportFault } from './transport-fault';

const MAX_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const MAX_REFUSAL_BYTES = 4 * 1024;
const REFUSAL_READ_MS = 1_000;

/** The requested part of a file, as in the player's own request. */
export interface FilePart {
  /** `Range`; null requests the whole file. */
  readonly range: string | null;
  /** `If-Range`; null requests the current version of the file. */
  readonly ifRange: string | null;
}

interface Opening {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Opens endless media. The caller may read the body for hours, so each body has its own connection, which is never
 * reused, has no time limit, and passes back-pressure directly to the socket.
 */
export class MediaOpener {
  readonly #agent = new Agent({ keepAlive: false, maxSockets: Infinity });

  constructor(private readonly timings: Pick<AceTimings, 'connectTimeoutMs'>) {}

  /**
   * Follows at most 5 redirects, all of them on the engine itself, to a response with status 200. Its body has not
   * been read on return. `timeoutMs` covers everything up to that response head; the body has no time limit.
   *
   * The response emits `end` when the engine has ended it, and `error` when the connection was reset or a length or
   * chunk was incomplete. When the caller aborts, it only closes. It may already be destroyed on return, if the
   * engine closed the connection at once.
   *
   * @throws EngineFault `warming` while the engine is pre-buffering, `session` when the session is gone or was taken
   *   over, `content` when the engine reports the content as faulty, `unsupported` for other containers, else
   *   `engine`
   * @throws the reason of `signal` when the caller aborts
   */
  async open(engine: EngineEndpoint, path: string, o: Opening): Promise<IncomingMessage> {
    return this.#open(engine, path, o, null);
  }

  /**
   * Opens a content that is a file, as `open` does. Any container is accepted, and the status 200, 206 or 416 that
   * the engine sends for the requested part. A playlist is not accepted as a file, because its addresses point to the
   * engine.
   */
  async openFile(
    engine: EngineEndpoint,
    path: string,
    part: FilePart,
    o: Opening,
  ): Promise<IncomingMessage> {
    return this.#open(engine, path, o, part);
  }

  /** Closes the connections of all open bodies. */
  close(): void {
    this.#agent.destroy();
  }

  async #open(
    engine: EngineEndpoint,
    path: string,
    o: Opening,
    part: FilePart | null,
  ): Promise<IncomingMessage> {
    const deadline = new CallDeadline(o.timeoutMs, o.signal);
    try {
      const response = await this.#follow(engine, engineTarget(path), part, deadline.signal);
      await throwUnlessMedia(response, part !== null);
      deadline.signal.throwIfAborted();
      deadline.lift();
      response.once('close', () => deadline.end());
      return response;
    } catch (error) {
      deadline.end();
      deadline.signal.throwIfAborted();
      throw transportFault(error);
    }
  }

  async #follow(
    engine: EngineEndpoint,
    first: string,
    part: FilePart | null,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    let target = first;
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const response = await this.#head(engine, target, part, signal);
      if (!REDIRECTS.has(response.statusCode ?? 0)) {
        return response;
      }
      // The body is never read, because engines leave the body of a redirect open for ever.
      response.destroy();
      const location = response.headers.location;
      if (location === undefined) {
        throw new EngineFault('engine', 'bad_redirect', 'a redirect without a location');
      }
      target = engineTarget(location, target);
    }
    throw new EngineFault('engine', 'redirect_loop', `more than ${MAX_REDIRECTS} redirects`);
  }

  #head(
    engine: EngineEndpoint,
    path: string,
    part: FilePart | null,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    return sendRequest({
      host: engine.host,
      port: engine.port,
      path,
      headers: { accept: '*/*', ...headersOf(part) },
      agent: this.#agent,
      connectTimeoutMs: this.timings.connectTimeoutMs,
      signal,
    });
  }
}

/** Throws, and destroys the response, if it is not media. */
async function throwUnlessMedia(response: IncomingMessage, isFile: boolean): Promise<void> {
  const fault = await refusalOf(response, isFile);
  if (fault !== null) {
    response.destroy();
    throw fault;
  }
}

function headersOf(part: FilePart | null): Record<string, string> {
  return {
    ...(part?.range == null ? {} : { range: part.range }),
    ...(part?.ifRange == null ? {} : { 'if-range': part.ifRange }),
  };
}

async function refusalOf(response: IncomingMessage, isFile: boolean): Promise<EngineFault | null> {
  const status = response.statusCode ?? 0;
  // For a refused range only the status matters; the body is not read.
  if (isFile && status === 416) return null;
  if (status !== 200 && !(isFile && status === 206)) {
    const text = await readRefusal(response);
    const kind = status === 403 ? 'session' : 'engine';
    return faultOfBody(text) ?? new EngineFault(kind, `http_${status}`, quoteEngine(text));
  }
  const encoding = response.headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') {
    return new EngineFault('engine', 'encoded_media', `content-encoding ${quoteEngine(encoding)}`);
  }
  const contentType = response.headers['content-type'] ?? '';
  switch (mediaTypeOf(contentType)) {
    case 'media':
      return null;
    case 'other_container':
      if (isFile) return null;
      return new EngineFault('unsupported', 'not_mpegts', quoteEngine(contentType));
    case 'playlist':
      return new EngineFault('unsupported', 'playlist', quoteEngine(contentType));
    case 'page':
      return new EngineFault('engine', 'html_answer', quoteEngine(contentType));
    case 'message': {
      const text = await readRefusal(response);
      return faultOfBody(text) ?? new EngineFault('engine', 'not_media', quoteEngine(text));
    }
  }
}

/** The text of a refusal: its first 4 KiB, or what has arrived of them within a second. */
function readRefusal(response: IncomingMessage): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const finish = (): void => {
      clearTimeout(timer);
      response.destroy();
      resolve(Buffer.concat(chunks).toString('utf8', 0, MAX_REFUSAL_BYTES));
    };
    const timer = setTimeout(finish, REFUSAL_READ_MS);
    response.once('end', finish);
    response.once('close', finish);
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= MAX_REFUSAL_BYTES) {
        finish();
      }
    });
  });
}
