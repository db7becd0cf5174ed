import { type IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { monotonicMs } from '../kernel/clock';
import { type SourceSelector } from '../kernel/content-selector';
import {
  EngineFault,
  type ContentResolution,
  type EngineEndpoint,
  type EngineProbe,
  type EngineSession,
  type EngineSettings,
  type EngineStat,
} from './ace.types';
import { ACE_TIMINGS, type AceTimings } from './ace-timings';
import { answerTimeout } from './call-deadline';
import { resolutionOf, resolutionTarget } from './content-resolution';
import { withParameter } from './engine-address';
import {
  commandPathOf,
  networkConnectedOf,
  sessionOf,
  statOf,
  versionOf,
  type EngineAnswer,
} from './engine-answer';
import { EngineApiTransport } from './engine-api-transport';
import { LateStarts, type AbandonedStart } from './late-starts';
import { MediaOpener, type FilePart } from './media-opener';
import { type OpenSessionJournal } from './open-session-journal';
import { startTarget } from './start-request';

const VERSION_TARGET = '/webui/api/service?method=get_version&format=json';
const SETTINGS_TARGET = '/api/v1/settings';
const NETWORK_TARGET = '/server/api?api_version=3&method=get_network_connection_status';

/**
 * Client of the HTTP API of AceStream engines. Each call talks to one engine and is limited in time and size. Nothing
 * is retried here; callers decide about retries. Failures are EngineFaults that name the party at fault. If the
 * caller aborts, the call rejects with the reason of the caller's signal instead.
 */
export class AceEngineClient implements OnApplicationBootstrap, OnApplicationShutdown {
  readonly #logger = new Logger(AceEngineClient.name);
  readonly #timings: AceTimings;
  readonly #transport: EngineApiTransport;
  readonly #media: MediaOpener;
  readonly #lateStarts = new LateStarts();
  /** By engine: settles when the sessions that an earlier process left open there have been stopped. */
  readonly #clearing = new Map<string, Promise<unknown>>();

  constructor(
    timings: Partial<AceTimings> = {},
    private readonly journal: OpenSessionJournal | null = null,
  ) {
    // Descriptors instead of values, because a timing may be a setting that changes while the program runs.
    const given = Object.getOwnPropertyDescriptors(timings);
    this.#timings = Object.defineProperties({ ...ACE_TIMINGS }, given);
    this.#transport = new EngineApiTransport(this.#timings);
    this.#media = new MediaOpener(this.#timings);
  }

  /**
   * Opens an engine session. When the caller aborts or its deadline passes, the request continues in the background
   * (at most `lateAnswerMs` beyond the deadline), and a session that it opens is stopped.
   *
   * @param o.playerId `pid`, unique per session; letters, digits and dashes
   * @param o.onLate called when the caller has abandoned this start, which keeps the engine busy for a while
   * @throws EngineFault, or AppError `invalid_selector` before anything is sent
   */
  async start(
    engine: EngineEndpoint,
    selector: SourceSelector,
    o: {
      readonly playerId: string;
      readonly timeoutMs: number;
      readonly signal: AbortSignal;
      readonly onLate?: (start: AbandonedStart) => void;
    },
  ): Promise<EngineSession> {
    const target = startTarget(selector, o.playerId);
    o.signal.throwIfAborted();
    // A stop that arrives after a start of the same content would freeze the new playback.
    await this.#clearing.get(nameOf(engine));
    o.signal.throwIfAborted();
    const request = new AbortController();
    const opening = this.#transport
      .get(engine, target, {
        timeoutMs: o.timeoutMs + this.#timings.lateAnswerMs,
        signal: request.signal,
      })
      .then((answer) => this.#sessionOrStop(engine, answer, o.playerId, request));

    const session = await resultWithin(opening, o.timeoutMs, o.signal);
    if (session !== null && !o.signal.aborted) {
      return session;
    }
    const stopped = opening.then((late) =>
      this.#sendStop(engine, late.commandPath, request.signal),
    );
    this.#lateStarts.adopt(stopped, () => request.abort());
    o.onLate?.(this.#abandoned(stopped, request));
    o.signal.throwIfAborted();
    throw answerTimeout(o.timeoutMs);
  }

  #abandoned(stopped: Promise<void>, request: AbortController): AbandonedStart {
    let isCut = false;
    const busyAfterCut = (): Promise<void> | undefined =>
      isCut ? delay(this.#timings.busyAfterCutMs, undefined, { ref: false }) : undefined;
    return {
      done: stopped.then(busyAfterCut, busyAfterCut),
      cut: () => {
        isCut = true;
        request.abort();
      },
    };
  }

  /**
   * Resolves a content without opening a session. Safe on an engine that plays the content.
   *
   * @throws EngineFault, of kind `content` when the engine cannot find it; AppError `invalid_selector`; the reason
   *   of the signal
   */
  async resolve(
    engine: EngineEndpoint,
    selector: SourceSelector,
    o: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<ContentResolution> {
    return resolutionOf(await this.#transport.get(engine, resolutionTarget(selector), o));
  }

  /**
   * Ends a session. Resolves within 3 s in every case. If the engine hangs, is gone, or no longer knows the session,
   * the session counts as stopped. A session without a command path expires by itself.
   */
  async stop(engine: EngineEndpoint, session: EngineSession): Promise<void> {
    await this.#sendStop(engine, session.commandPath);
  }

  /** @throws EngineFault, of kind `session` when the engine no longer knows the session */
  async stat(
    engine: EngineEndpoint,
    session: Pick<EngineSession, 'statPath'>,
    o: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<EngineStat> {
    if (session.statPath === null) {
      throw new EngineFault('engine', 'no_stat_url', 'the session came without a stat address');
    }
    const timeoutMs = o.timeoutMs ?? this.#timings.statTimeoutMs;
    const { signal } = o;
    return statOf(await this.#transport.get(engine, session.statPath, { timeoutMs, signal }));
  }

  /**
   * Changes settings of a running engine. AceServe builds of the engine have an API for that (`PATCH /api/v1/settings`,
   * as acestream-orchestrator 2.1 uses it); other builds know no such address.
   *
   * @param token the access token with which the engine was started
   * @returns false if the engine has no such API, or does not accept the token or the values
   * @throws EngineFault if there is no answer, or a failure of the engine
   */
  async changeSettings(
    engine: EngineEndpoint,
    token: string,
    settings: EngineSettings,
    o: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<boolean> {
    const request = { headers: { 'x-api-key': token }, json: settings };
    const { status } = await this.#transport.patch(engine, SETTINGS_TARGET, request, o);
    if (status >= 500 && status !== 501) {
      throw new EngineFault('engine', `http_${status}`, `HTTP ${status} to a change of settings`);
    }
    return status === 200 || status === 204;
  }

  /**
   * Asks for version and network state, both within one deadline. An engine's API can hang while TCP still accepts
   * connections, so only complete answers count. The second answer may be an error (from older engines), but it must
   * arrive.
   *
   * @throws EngineFault when the engine does not answer, sends an invalid answer or denies access
   */
  async probe(engine: EngineEndpoint, o: { readonly timeoutMs: number }): Promise<EngineProbe> {
    const endsAt = monotonicMs() + o.timeoutMs;
    const version = versionOf(await this.#transport.get(engine, VERSION_TARGET, o));
    const timeoutMs = Math.max(1, endsAt - monotonicMs());
    const network = await this.#transport.get(engine, NETWORK_TARGET, { timeoutMs });
    return { version, networkConnected: networkConnectedOf(network) };
  }

  /**
   * Opens the media at a playback path; see MediaOpener. The body has no time limit; aborting the signal ends it at
   * any time.
   */
  async openMedia(
    engine: EngineEndpoint,
    path: string,
    o: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<IncomingMessage> {
    return this.#media.open(engine, path, o);
  }

  /** Opens a part of a content that is a file; see MediaOpener. Otherwise the same as `openMedia`. */
  async openFile(
    engine: EngineEndpoint,
    path: string,
    part: FilePart,
    o: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<IncomingMessage> {
    return this.#media.openFile(engine, path, part, o);
  }

  /** Waits at most 3 s for abandoned starts to be stopped, then closes every connection. */
  async close(): Promise<void> {
    await this.#lateStarts.close(this.#timings.closeWaitMs);
    this.#media.close();
    this.#transport.close();
    await Promise.all(this.#clearing.values());
    await this.journal?.close();
  }

  onApplicationBootstrap(): void {
    const leftovers = this.journal?.leftovers ?? [];
    if (leftovers.length === 0) return;
    this.#logger.log(`stopping ${leftovers.length} engine sessions of an earlier run`);
    const byEngine = new Map<string, typeof leftovers>();
    for (const left of leftovers) {
      const name = nameOf(left.engine);
      byEngine.set(name, [...(byEngine.get(name) ?? []), left]);
    }
    for (const [name, sessions] of byEngine) {
      const stops = sessions.map(({ engine, commandPath }) => this.#sendStop(engine, commandPath));
      const cleared = Promise.all(stops).then(() => this.#clearing.delete(name));
      this.#clearing.set(name, cleared);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.close();
  }

  #sessionOrStop(
    engine: EngineEndpoint,
    answer: EngineAnswer,
    playerId: string,
    request: AbortController,
  ): EngineSession {
    try {
      const session = sessionOf(answer, playerId);
      const { commandPath } = session;
      if (commandPath !== null) this.journal?.opened({ engine, commandPath });
      return session;
    } catch (error) {
      // The engine may have opened a session although its answer has no usable media.
      const stopped = this.#sendStop(engine, commandPathOf(answer), request.signal);
      this.#lateStarts.adopt(stopped, () => request.abort());
      throw error;
    }
  }

  async #sendStop(
    engine: EngineEndpoint,
    commandPath: string | null,
    signal?: AbortSignal,
  ): Promise<void> {
    if (commandPath === null) {
      return;
    }
    try {
      await this.#transport.get(engine, withParameter(commandPath, 'method=stop'), {
        timeoutMs: this.#timings.stopTimeoutMs,
        signal,
      });
    } catch {
      // The engine is gone, hangs, or no longer knows the session: in each case the session counts as stopped.
    }
    this.journal?.closed({ engine, commandPath });
  }
}

function nameOf({ host, port }: EngineEndpoint): string {
  return `${host}:${port}`;
}

/**
 * Returns the result of `work`, or null as soon as the time is over or the signal aborts. `work` continues after
 * that.
 */
async function resultWithin<T>(
  work: Promise<T>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<T | null> {
  let giveUp = (): void => undefined;
  const givenUp = new Promise<null>((resolve) => {
    giveUp = () => resolve(null);
  });
  const timer = setTimeout(giveUp, timeoutMs);
  signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([work, givenUp]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
  }
}
