import { EngineFault, type EngineSession, type EngineStat } from '../../../ace';
import { monotonicMs } from '../../../kernel/clock';
import type { EngineSources } from '../sources/engine-sources';
import type { Source } from '../sources/source.port';

export interface PolledStream {
  /** Returns the source in use, or null. Its engine session is null until the engine has answered. */
  current(): Source | null;
  answered(stat: EngineStat, engineId: string): void;
  /** The engine has reported twice in a row that it no longer knows the engine session. */
  sessionGone(): void;
  counted(result: PollResult): void;
}

export type PollResult = 'answered' | 'failed' | 'session_gone';

const POLL_MS = 2000;
/** A call ends before the next one is due, so that at most one is open. */
const TIMEOUT_MS = 2000;
/** Delay of the next call after an empty answer, which is common for a new session, and before a lost session is confirmed. */
const SOON_MS = 500;
const MAX_POLL_MS = 10_000;
const GONE_CONFIRMS = 2;

/**
 * Polls the engine of one stream for statistics every 2 s, and less often while the engine does not answer. No other code
 * waits for the answers. The class has no timer; the observation calls `tick`.
 */
export class StatPolling {
  private readonly abort = new AbortController();
  private isAsking = false;
  private dueMs = 0;
  private failures = 0;
  private gone: { readonly session: EngineSession; readonly times: number } | null = null;

  constructor(
    private readonly engines: Pick<EngineSources, 'stat'>,
    private readonly stream: PolledStream,
    private readonly now: () => number = monotonicMs,
  ) {}

  /** Call at least twice a second. */
  tick(nowMs: number): void {
    if (this.isAsking || nowMs < this.dueMs || this.abort.signal.aborted) return;
    const current = this.stream.current();
    if (current?.engineSession?.statPath == null) return;
    this.isAsking = true;
    void this.ask(current, current.engineSession, nowMs);
  }

  /** Aborts the open call and prevents further ones. */
  close(): void {
    this.abort.abort();
  }

  private async ask(source: Source, session: EngineSession, startedMs: number): Promise<void> {
    const { signal } = this.abort;
    try {
      const options = { timeoutMs: TIMEOUT_MS, signal };
      const stat = await this.engines.stat(source, session, options);
      if (signal.aborted) return;
      this.failures = 0;
      this.gone = null;
      this.dueMs = startedMs + (stat.status === null ? SOON_MS : POLL_MS);
      this.stream.counted('answered');
      // The engine session may have been replaced meanwhile.
      if (this.isStill(session)) this.stream.answered(stat, source.engine.id);
    } catch (error) {
      if (!signal.aborted) this.failed(error, session);
    } finally {
      this.isAsking = false;
    }
  }

  private failed(error: unknown, session: EngineSession): void {
    if (saysGone(error)) {
      this.stream.counted('session_gone');
      this.dueMs = this.now() + SOON_MS;
      this.noteGone(session);
      return;
    }
    this.gone = null;
    this.stream.counted('failed');
    this.failures++;
    this.dueMs = this.now() + Math.min(MAX_POLL_MS, POLL_MS * 2 ** (this.failures - 1));
  }

  private noteGone(session: EngineSession): void {
    if (!this.isStill(session)) return;
    const times = this.gone?.session === session ? this.gone.times + 1 : 1;
    this.gone = { session, times };
    if (times < GONE_CONFIRMS) return;
    this.gone = null;
    this.dueMs = this.now() + POLL_MS;
    this.stream.sessionGone();
  }

  private isStill(session: EngineSession): boolean {
    return this.stream.current()?.engineSession === session;
  }
}

function saysGone(error: unknown): boolean {
  return error instanceof EngineFault && (error.kind === 'session' || error.reason === 'http_403');
}
