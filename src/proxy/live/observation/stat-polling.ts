import { EngineFault, type EngineStat } from '../../../ace';
import { monotonicMs } from '../../../kernel/clock';
import type { OpenedContent, Source } from '../sources/source.port';

/** The part of a source that is polled. */
export interface PolledSource extends Pick<Source, 'opened' | 'stat'> {
  readonly engine: Pick<Source['engine'], 'id'>;
}

export interface PolledStream {
  /** Returns the source in use, or null. Nothing is opened in it until the engine has answered. */
  current(): PolledSource | null;
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
  private gone: { readonly opened: OpenedContent; readonly times: number } | null = null;

  constructor(
    private readonly stream: PolledStream,
    private readonly now: () => number = monotonicMs,
  ) {}

  /** Call at least twice a second. */
  tick(nowMs: number): void {
    if (this.isAsking || nowMs < this.dueMs || this.abort.signal.aborted) return;
    const source = this.stream.current();
    const opened = source?.opened ?? null;
    if (source === null || opened === null) return;
    const answer = source.stat(TIMEOUT_MS, this.abort.signal);
    if (answer === null) return;
    this.isAsking = true;
    void this.take(answer, opened, source.engine.id, nowMs);
  }

  /** Aborts the open call and prevents further ones. */
  close(): void {
    this.abort.abort();
  }

  private async take(
    answer: Promise<EngineStat>,
    opened: OpenedContent,
    engineId: string,
    startedMs: number,
  ): Promise<void> {
    const { signal } = this.abort;
    try {
      const stat = await answer;
      if (signal.aborted) return;
      this.failures = 0;
      this.gone = null;
      this.dueMs = startedMs + (stat.status === null ? SOON_MS : POLL_MS);
      this.stream.counted('answered');
      // The engine session may have been replaced meanwhile.
      if (this.isStill(opened)) this.stream.answered(stat, engineId);
    } catch (error) {
      if (!signal.aborted) this.failed(error, opened);
    } finally {
      this.isAsking = false;
    }
  }

  private failed(error: unknown, opened: OpenedContent): void {
    if (saysGone(error)) {
      this.stream.counted('session_gone');
      this.dueMs = this.now() + SOON_MS;
      this.noteGone(opened);
      return;
    }
    this.gone = null;
    this.stream.counted('failed');
    this.failures++;
    this.dueMs = this.now() + Math.min(MAX_POLL_MS, POLL_MS * 2 ** (this.failures - 1));
  }

  private noteGone(opened: OpenedContent): void {
    if (!this.isStill(opened)) return;
    const times = this.gone?.opened === opened ? this.gone.times + 1 : 1;
    this.gone = { opened, times };
    if (times < GONE_CONFIRMS) return;
    this.gone = null;
    this.dueMs = this.now() + POLL_MS;
    this.stream.sessionGone();
  }

  private isStill(opened: OpenedContent): boolean {
    return this.stream.current()?.opened === opened;
  }
}

function saysGone(error: unknown): boolean {
  return error instanceof EngineFault && (error.kind === 'session' || error.reason === 'http_403');
}
