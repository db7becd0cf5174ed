import { type AppConfig, viewOf } from '../../../config';
import { monotonicMs } from '../../../kernel/clock';
import { AppError } from '../../../kernel/errors';
import { UpstreamReader, type MediaBody, type StreamIngest } from '../../upstream';
import type { StreamReporter } from '../stream-reporter';
import type { AttemptEntry } from './attempt-log';
import { giveUp, type Outcome, type SourceFate } from './outcomes';
import type { SourceLoss } from './source-loss';
import { FailoverLimit, UNFELT_APART_MS, type Failover } from './failover-limit';

/** How a source has ended. */
export interface SourceEnd {
  readonly why: SourceFate;
  /** True if the source had delivered media. */
  readonly flowed: boolean;
}

/** The reason with which an attempt is aborted when a planned move has replaced its source. */
export const SUPERSEDED = new Error('A planned move has replaced this source.');

/** Reads the sources of a stream one after the other, and remembers how the last source ended. */
export class SourceReading {
  /** The reader of the source in use; null if there is none. */
  reader: UpstreamReader | null = null;
  /** Id of the engine that is being read, or was read last. */
  engineId: string | null = null;
  /** Number of times that a failed source of the running stream was replaced. */
  failovers = 0;
  /** The loss that the running stream is recovering from; null while it has a source. */
  loss: SourceLoss | null = null;
  private readonly limit: FailoverLimit;
  private supersession = new AbortController();
  /** Monotonic time at which the last source was taken; null if it delivered no media or was counted already. */
  private flowingSinceMs: number | null = null;
  /** The failover to the source in use; null if that source did not replace a failed one. */
  private failover: Omit<Failover, 'join'> | null = null;
  /** True from a failover until its source delivers media. */
  private isGapOpen = false;
  /** True if viewers did not notice the last failover. */
  private wasUnfelt = false;

  constructor(
    private readonly ingest: StreamIngest,
    private readonly report: StreamReporter,
    private readonly config: AppConfig,
  ) {
    this.limit = new FailoverLimit(
      viewOf(config, { limit: 'proxyFailoverLimit', windowMs: 'proxyFailoverWindowMs' }),
    );
  }

  /** Begins an attempt. Returns a signal that aborts with `SUPERSEDED` when a planned move replaces the source. */
  begin(): AbortSignal {
    this.supersession = new AbortController();
    return this.supersession.signal;
  }

  /** Ends the current attempt, because the source of a planned move replaces the one in use. */
  supersede(): void {
    this.reader?.supersede();
    this.supersession.abort(SUPERSEDED);
  }

  /**
   * Reads `media` until the source ends.
   *
   * @param deadlineMs monotonic time by which the first media must have arrived
   * @param replaces true if the source replaces one that has failed
   * @throws the signal's reason; the internal error that stopped the reader
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
      { silenceMs: () => this.config.proxyStallTimeoutMs, firstMediaDeadlineMs: deadlineMs },
      monotonicMs,
    );
    this.take(reader, entry.attempt.engineId, replaces);
    reader.start();
    return this.finish(reader, entry, signal);
  }

  /** Makes `reader` the reader of the source in use. `replaces`: the previous source has failed. */
  take(reader: UpstreamReader, engineId: string, replaces: boolean): void {
    const { loss } = this;
    this.loss = null;
    if (replaces) {
      this.failovers++;
      // Without a loss, a newer engine session of the content has replaced the previous one.
      this.report.failedOver(loss?.engineId ?? engineId, engineId, loss?.code ?? 'newer_session');
    }
    this.noteFailover(this.reader?.isFlowing === true);
    this.reader = reader;
    this.engineId = engineId;
    const atMs = monotonicMs();
    this.flowingSinceMs = atMs;
    this.isGapOpen = replaces;
    this.failover = replaces ? { atMs, isEngineGone: loss?.isEngineGone === true } : null;
  }

  /** Call after media were appended. Reports how long viewers were without media at a failover. */
  mediaAppended(): void {
    if (!this.isGapOpen || this.ingest.join === null) return;
    this.isGapOpen = false;
    this.report.failoverGap(this.ingest.join.silentMs);
  }

  /**
   * The outcome that gives up the content if there were too many failovers, else null. Read it only after the next
   * engine has answered: only then is it known whether the previous engine has died, in which case the failover does
   * not count.
   */
  get excess(): Outcome | null {
    if (this.loss?.isEngineGone === true) return null;
    const why = this.limit.excess(monotonicMs());
    return why === null
      ? null
      : giveUp('source_lost_too_often', new AppError('engine_failed', why));
  }

  /** Waits until `reader`, which has been started, ends. @throws as `read` */
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
    // A planned move may have replaced this reader meanwhile.
    if (this.reader === reader) {
      this.reader = null;
      if (!flowed) this.flowingSinceMs = null;
      this.noteFailover(flowed);
    }
    if (why === 'fault') throw reader.fault;
    if (why === 'aborted') {
      signal.throwIfAborted();
      return { why: 'reset', flowed };
    }
    return { why, flowed };
  }

  /**
   * Returns true, at most once per source, if the last source ran for so long that earlier failures no longer count. If
   * viewers did not notice the failover to it, less time is enough, so that the next failover is not delayed either.
   */
  takeRecovered(): boolean {
    const { flowingSinceMs: since, config } = this;
    this.flowingSinceMs = null;
    const flowedMs = since === null ? 0 : monotonicMs() - since;
    const stableMs = config.proxyStableAfterMs;
    return flowedMs >= (this.wasUnfelt ? Math.min(UNFELT_APART_MS, stableMs) : stableMs);
  }

  /** Counts the failover to a source that has ended or was replaced, if that source delivered media. */
  private noteFailover(flowed: boolean): void {
    const { failover } = this;
    this.failover = null;
    this.wasUnfelt =
      failover !== null &&
      flowed &&
      this.limit.note({ ...failover, join: this.ingest.join }) === 'unfelt';
  }
}
