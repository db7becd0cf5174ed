import { EngineFault, type EngineStat } from '../../../ace';
import { monotonicMs } from '../../../kernel/clock';
import type { OpenedContent, Source } from '../sources/source.port';

/** What polling needs to know about a source. */
export interface PolledSource extends Pick<Source, 'opened' | 'stat'> {
  readonly engine: Pick<Source['engine'], 'id'>;
}

export interface PolledStream {
  /** Returns the source in use; null if there is none. Its `opened` is null until the engine has answered. */
  current(): PolledSource | null;
  /** Called with new statistics of the source in use. */
  answered(stat: EngineStat, engineId: string): void;
  /** Called when the engine has reported twice in a row that it no longer knows the engine session. */
  sessionGone(): void;
  /** Called with the result of each call, to count it. */
  counted(result: PollResult): void;
}

export type PollResult = 'answered' | 'failed' | 'session_gone';

const POLL_MS = 2000;
/** Not longer than POLL_MS, so that a call has ended when the next one is due. */
const TIMEOUT_MS = 2000;
/** Delay of the next call after an empty answer, which is common for a new session, or after a report of a lost one. */
const SOON_MS = 500;
const MAX_POLL_MS = 10_000;
const GONE_CONFIRMS = 2;

/**
 * Polls the engine of one stream for statistics every 2 s, and less often while the engine does not answer. It has no
 * timer of its own; `StreamObservation` calls `tick`.
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

  /** Begins a call to the engine if one is due. Must be called at least twice a second. */
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

  /** True if the engine session that was asked is still the one in use. */
  private isStill(opened: OpenedContent): boolean {
    return this.stream.current()?.opened === opened;
  }
}

function saysGone(error: unknown): boolean {
  return error instanceof EngineFault && (error.kind === 'session' || error.reason === 'http_403');
}
