import type { IncomingMessage } from 'node:http';
import type { AppConfig } from '../../../config';
import { monotonicMs } from '../../../kernel/clock';
import { AppError } from '../../../kernel/errors';
import { UpstreamReader, type StreamIngest } from '../../upstream';
import type { StreamReporter } from '../stream-reporter';
import type { AttemptEntry } from './attempt-log';
import { giveUp, type Outcome, type SourceFate } from './outcomes';
import type { SourceLoss } from './source-loss';
import { SwitchLimit, UNFELT_APART_MS, type SourceChange } from './switch-limit';

export interface SourceEnd {
  readonly why: SourceFate;
  /** It had delivered media. */
  readonly flowed: boolean;
}

/** Aborts an attempt whose source another one has replaced. */
export const SUPERSEDED = new Error('another source has replaced this one');

/** Reads the sources of a stream one after the other, and keeps how the last one went. */
export class SourceReading {
  reader: UpstreamReader | null = null;
  /** The engine that the reader reads, or read last. */
  engineId: string | null = null;
  /** How often a source of the running stream replaced one that had failed. */
  failovers = 0;
  /** How the running stream lost its source; null while it has one. */
  loss: SourceLoss | null = null;
  private readonly limit: SwitchLimit;
  private supersession = new AbortController();
  private flowingSinceMs: number | null = null;
  /** How the source under way replaced one that had failed. */
  private change: Omit<SourceChange, 'join'> | null = null;
  /** The last source continued exactly where the one before had ended. */
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

  /** Another source goes on from here: ends the attempt under way. */
  supersede(): void {
    this.reader?.supersede();
    this.supersession.abort(SUPERSEDED);
  }

  /**
   * Reads until the source ends.
   *
   * @param deadlineMs monotonic time by which the first media must have arrived
   * @param replaces it replaces a source that has failed
   * @throws the signal's reason; the error inside the proxy that ended it
   */
  async read(
    media: IncomingMessage,
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

  /** From now on this is the stream's source. `replaces`: the one before has failed. */
  take(reader: UpstreamReader, engineId: string, replaces: boolean): void {
    const { loss } = this;
    this.loss = null;
    if (replaces) {
      this.failovers++;
      // Without a loss, a newer session of the content has replaced the one that was read.
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
   * The end of a stream whose sources fail one after the other; null while it may have another source. Asked when an
   * engine has answered for that source: by then it is known whether the engine before is to blame for the loss.
   */
  get excess(): Outcome | null {
    if (this.loss?.isEngineGone === true) return null;
    const why = this.limit.excess(monotonicMs());
    return why === null
      ? null
      : giveUp('source_lost_too_often', new AppError('engine_failed', why));
  }

  /** Waits for the end of the source that was taken. @throws as `read` */
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
    // Another one may have taken its place.
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
   * Whether the last source did so well that failures before it no longer count; true once. After a change that viewers
   * did not notice, less time is enough: the next source must follow at once too, or they would notice that one.
   */
  takeRecovered(): boolean {
    const { flowingSinceMs: since, config } = this;
    this.flowingSinceMs = null;
    const flowedMs = since === null ? 0 : monotonicMs() - since;
    const stableMs = config.proxyStableAfterMs;
    return flowedMs >= (this.wasUnfelt ? Math.min(UNFELT_APART_MS, stableMs) : stableMs);
  }

  /** A source has ended that had replaced a failed one. One that never delivered anything does not count. */
  private noteChange(flowed: boolean): void {
    const { change } = this;
    this.change = null;
    this.wasUnfelt =
      change !== null &&
      flowed &&
      this.limit.note({ ...change, join: this.ingest.join }) === 'unfelt';
  }
}
