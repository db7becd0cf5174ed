import type { IncomingMessage } from 'node:http';
import {
  EngineFault,
  type AceEngineClient,
  type EngineSession,
  type EngineStat,
  type FilePart,
} from '../../../ace';
import type { AppConfig } from '../../../config';
import type { DrainSignal, EngineView, SlotLease } from '../../../engines';
import { monotonicMs } from '../../../kernel/clock';
import type { SourceSelector } from '../../../kernel/content-selector';
import { retryDelayMs } from '../../../kernel/retry-delay';
import { delay } from '../../../kernel/wait';
import type { OpenRequest, Source } from './source.port';
import { startContent } from './start-content';

/** The calls to an engine that a stream makes. */
export type PlaybackApi = Pick<
  AceEngineClient,
  'start' | 'stop' | 'stat' | 'openMedia' | 'openFile'
>;

/**
 * A source on one engine: a slot, and the engine sessions that were opened in it. `close` stops those that are left.
 */
export class EngineSource implements Source {
  hasNewerSession = false;
  private session: EngineSession | null = null;
  /** Older engine sessions of the same content, which still have to be stopped. */
  private replaced: EngineSession[] = [];
  private readonly stops = new Set<Promise<unknown>>();

  constructor(
    readonly lease: SlotLease,
    private readonly ace: PlaybackApi,
    private readonly config: Pick<AppConfig, 'proxyRetryBaseMs' | 'proxyRetryMaxMs'>,
  ) {}

  get engine(): EngineView {
    return this.lease.engine;
  }

  get opened(): EngineSession | null {
    return this.session;
  }

  get revoked(): AbortSignal {
    return this.lease.revoked;
  }

  get drainRequested(): DrainSignal {
    return this.lease.drainRequested;
  }

  async open(
    { selector, answerMs, mayTryOtherForm }: OpenRequest,
    signal: AbortSignal,
  ): Promise<SourceSelector> {
    const started = await startContent(this.ace, this.engine.endpoint, {
      selector,
      timeoutMs: answerMs,
      mayTryOtherForm,
      onLate: (start) => this.lease.occupyUntil(start),
      signal,
    });
    this.lease.answered();
    this.use(started.engineSession);
    this.hasNewerSession = false;
    return started.selector;
  }

  media(deadlineMs: number, signal: AbortSignal): Promise<IncomingMessage> {
    this.hasNewerSession = false;
    const { endpoint } = this.engine;
    const { playbackPath } = this.openSession;
    return this.untilWarm(deadlineMs, signal, (timeoutMs) =>
      this.ace.openMedia(endpoint, playbackPath, { timeoutMs, signal }),
    );
  }

  /** Requests a part of a file. Resolves with the response before its body is read. @throws as `media` */
  file(part: FilePart, deadlineMs: number, signal: AbortSignal): Promise<IncomingMessage> {
    return this.untilWarm(deadlineMs, signal, (timeoutMs) =>
      this.ace.openFile(this.engine.endpoint, this.openSession.playbackPath, part, {
        timeoutMs,
        signal,
      }),
    );
  }

  stat(timeoutMs: number, signal: AbortSignal): Promise<EngineStat> | null {
    if (this.session?.statPath == null) return null;
    return this.ace.stat(this.engine.endpoint, this.session, { timeoutMs, signal });
  }

  confirm(): void {
    this.lease.confirm();
  }

  reserveAgain(isFailover: boolean, signal: AbortSignal): Promise<void> {
    return this.lease.askAgain(isFailover, signal);
  }

  adopt(engineSession: EngineSession): void {
    this.use(engineSession);
    this.hasNewerSession = true;
  }

  /** Sets the engine session. Any earlier one has already ended on the engine, so only this one must be stopped. */
  replaceSession(engineSession: EngineSession): void {
    this.session = engineSession;
  }

  giveSessionTo(other: Pick<Source, 'adopt'>): boolean {
    if (this.session === null) return false;
    other.adopt(this.session);
    this.session = null;
    return true;
  }

  handOver(take: (lease: SlotLease, engineSession: EngineSession) => boolean): boolean {
    if (this.session === null) return false;
    this.confirm();
    return take(this.lease, this.session);
  }

  async stop(): Promise<void> {
    const sessions = [...this.replaced, ...(this.session === null ? [] : [this.session])];
    this.replaced = [];
    this.session = null;
    const stop = Promise.all(sessions.map((one) => this.ace.stop(this.engine.endpoint, one)));
    this.stops.add(stop);
    await stop;
    this.stops.delete(stop);
  }

  async close(): Promise<void> {
    this.lease.beginRelease();
    void this.stop();
    await Promise.all(this.stops);
    this.lease.release();
  }

  private get openSession(): EngineSession {
    if (this.session === null) throw new Error('no engine session is open');
    return this.session;
  }

  private use(engineSession: EngineSession): void {
    if (this.session !== null && this.session !== engineSession) this.replaced.push(this.session);
    this.session = engineSession;
  }

  /** Repeats a call while the engine is pre-buffering, because the same engine session may work a moment later. */
  private async untilWarm(
    deadlineMs: number,
    signal: AbortSignal,
    call: (timeoutMs: number) => Promise<IncomingMessage>,
  ): Promise<IncomingMessage> {
    const { proxyRetryBaseMs, proxyRetryMaxMs } = this.config;
    for (let tries = 1; ; tries++) {
      try {
        return await call(Math.max(1, deadlineMs - monotonicMs()));
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof EngineFault) || error.kind !== 'warming') throw error;
        const waitMs = retryDelayMs(tries + 1, proxyRetryBaseMs, proxyRetryMaxMs);
        if (monotonicMs() + waitMs >= deadlineMs) throw error;
        await delay(waitMs, signal);
      }
    }
  }
}
