import type { AppConfig } from '../../../config';
import { monotonicMs } from '../../../kernel/clock';
import { AppError } from '../../../kernel/errors';
import { UpstreamReader, type MediaBody, type StreamIngest } from '../../upstream';
import type { StreamReporter } from '../stream-reporter';
import type { AttemptEntry } from './attempt-log';
import { giveUp, type Outcome, type SourceFate } from './outcomes';
import type { SourceLoss } from './source-loss';
import { SwitchLimit, UNFELT_APART_MS, type SourceChange } from './switch-limit';

export interface SourceEnd {
  readonly why: SourceFate;
  /** True if the source had delivered media. */
  readonly flowed: boolean;
}

/** The abort reason of an attempt whose source was replaced by another one. */
export const SUPERSEDED = new Error('another source has replaced this one');

/** Reads the sources of a stream one after the other, and remembers how the last source ended. */
export class SourceReading {
  reader: UpstreamReader | null = null;
  /** Id of the engine that is being read, or was read last. */
  engineId: string | null = null;
  /** Number of times that the running stream replaced a failed source. */
  failovers = 0;
  /** The loss that the running stream is recovering from; null while it has a source. */
  loss: SourceLoss | null = null;
  private readonly limit: SwitchLimit;
  private supersession = new AbortController();
  private flowingSinceMs: number | null = null;
  /** The failover that brought in the present source; null if the present source did not replace a failed one. */
  private change: Omit<SourceChange, 'join'> | null = null;
  /** True if viewers did not notice the change to the last source. */
  private wasUnfelt = false;

  constructor(
    private readonly ingest: StreamIngest,
    private readonly report: StreamReporter,
    private readonly config: AppConfig,
  ) {
    this.limit = new SwitchLimit({
      limit: config.proxyFailoverLimit,
      windowMs: config.proxyFailoverWindowMs,
    });
  }

  /** Begins an attempt. The signal aborts with `SUPERSEDED` when another source replaces this one. */
  begin(): AbortSignal {
    this.supersession = new AbortController();
    return this.supersession.signal;
  }

  /** Ends the current attempt, because another source takes over the stream. */
  supersede(): void {
    this.reader?.supersede();
    this.supersession.abort(SUPERSEDED);
  }

  /**
   * Reads until the source ends.
   *
   * @param deadlineMs monotonic time by which the first media must have arrived
   * @param replaces true if the source replaces one that has failed
   * @throws the signal's reason; the internal error that ended the source
   */
  async read(
    media: MediaBody,
    deadlineMs: number,
    replaces: boolean,
    entry: AttemptEntry,
    signal: AbortSignal,
  ): Promise<SourceEnd> {
    const reader = new UpstreamReader(
      media,
      this.ingest,
      { silenceMs: this.config.proxyStallTimeoutMs, firstMediaDeadlineMs: deadlineMs },
      monotonicMs,
    );
    this.take(reader, entry.attempt.engineId, replaces);
    reader.start();
    return this.finish(reader, entry, signal);
  }

  /** Makes `reader` the stream's source. `replaces`: the previous source has failed. */
  take(reader: UpstreamReader, engineId: string, replaces: boolean): void {
    const { loss } = this;
    this.loss = null;
    if (replaces) {
      this.failovers++;
      // If there was no loss, a newer session of the content has replaced the previous session.
      this.report.failedOver(loss?.engineId ?? engineId, engineId, loss?.code ?? 'newer_session');
    }
    this.noteChange(this.reader?.isFlowing === true);
    this.reader = reader;
    this.engineId = engineId;
    const atMs = monotonicMs();
    this.flowingSinceMs = atMs;
    this.change = replaces ? { atMs, isEngineGone: loss?.isEngineGone === true } : null;
  }

  /**
   * The give-up outcome if sources were replaced too often, else null. Ask only after the next engine has answered: by
   * then it is known whether the previous engine died.
   */
  get excess(): Outcome | null {
    if (this.loss?.isEngineGone === true) return null;
    const why = this.limit.excess(monotonicMs());
    return why === null
      ? null
      : giveUp('source_lost_too_often', new AppError('engine_failed', why));
  }

  /** Waits until the source of `reader` ends. @throws as `read` */
  async finish(
    reader: UpstreamReader,
    entry: AttemptEntry,
    signal: AbortSignal,
  ): Promise<SourceEnd> {
    entry.note('playing');
    const onAbort = (): void => reader.abort();
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) reader.abort();
    const why = await reader.ended;
    signal.removeEventListener('abort', onAbort);
    const flowed = reader.isFlowing;
    // Another reader may have replaced this one meanwhile.
    if (this.reader === reader) {
      this.reader = null;
      if (!flowed) this.flowingSinceMs = null;
      this.noteChange(flowed);
    }
    if (why === 'fault') throw reader.fault;
    if (why === 'aborted') {
      signal.throwIfAborted();
      return { why: 'reset', flowed };
    }
    return { why, flowed };
  }

  /**
   * Returns true, at most once per source, if the source ran long enough for earlier failures to be forgotten. A seamless
   * replacement needs less time, so that the next source follows without delay too.
   */
  takeRecovered(): boolean {
    const { flowingSinceMs: since, config } = this;
    this.flowingSinceMs = null;
    const flowedMs = since === null ? 0 : monotonicMs() - since;
    const stableMs = config.proxyStableAfterMs;
    return flowedMs >= (this.wasUnfelt ? Math.min(UNFELT_APART_MS, stableMs) : stableMs);
  }

  /** Counts a finished replacement source, unless it never delivered. */
  private noteChange(flowed: boolean): void {
    const { change } = this;
    this.change = null;
    this.wasUnfelt =
      change !== null &&
      flowed &&
      this.limit.note({ ...change, join: this.ingest.join }) === 'unfelt';
  }
}
