import type { IncomingMessage } from 'node:http';
import type { AppConfig } from '../../../config';
import { monotonicMs } from '../../../kernel/clock';
import { AppError } from '../../../kernel/errors';
import { UpstreamReader, type StreamIngest } from '../../upstream';
import type { Attempt } from '../../streams';
import type { SourceChange } from './source-change';
import type { SourceLoss } from './source-loss';
import { giveUp, type Outcome, type SourceFate } from './start-outcome';
import { SwitchLimit, UNFELT_APART_MS } from './switch-limit';

export interface SourceEnd {
  readonly why: SourceFate;
  /** It had delivered media. */
  readonly flowed: boolean;
}

/** Reads one source of a stream after the other, and remembers how the last one went. */
export class SourceReading {
  reader: UpstreamReader | null = null;
  /** Where the reader reads, or read last. */
  engineId: string | null = null;
  /** Times that a running stream was given a new source because the one before had failed. */
  failovers = 0;
  /** How the running stream lost its source; null while it has one. */
  loss: SourceLoss | null = null;
  private readonly limit: SwitchLimit;
  private flowingSinceMs: number | null = null;
  /** How the source under way took the place of one that had failed. */
  private change: Omit<SourceChange, 'join'> | null = null;
  /** The last source went on where the one before had ended. */
  private wasUnfelt = false;

  constructor(
    private readonly ingest: StreamIngest,
    private readonly config: AppConfig,
    private readonly isRunning: () => boolean,
    /** A running stream has another source, on this engine, because it lost the one before; null: that was replaced. */
    private readonly onSwitch: (engineId: string, loss: SourceLoss | null) => void,
  ) {
    this.limit = new SwitchLimit({
      limit: config.proxyFailoverLimit,
      windowMs: config.proxyFailoverWindowMs,
    });
  }

  /**
   * Reads until the source ends.
   *
   * @param deadlineMs monotonic time by which media have to have come
   * @throws the signal's reason; the error inside the proxy that ended it
   */
  async read(
    response: IncomingMessage,
    deadlineMs: number,
    attempt: Attempt,
    signal: AbortSignal,
  ): Promise<SourceEnd> {
    const reader = new UpstreamReader(
      response,
      this.ingest,
      { silenceMs: this.config.proxyStallTimeoutMs, firstMediaDeadlineMs: deadlineMs },
      monotonicMs,
    );
    this.take(reader, attempt.engineId, this.isRunning());
    reader.start();
    return this.finish(reader, attempt, signal);
  }

  /** From now on this is the stream's source. `isSwitch`: the one before has failed. */
  take(reader: UpstreamReader, engineId: string, isSwitch: boolean): void {
    const { loss } = this;
    this.loss = null;
    if (isSwitch) {
      this.failovers++;
      this.onSwitch(engineId, loss);
    }
    this.noteChange(this.reader?.isFlowing === true);
    this.reader = reader;
    this.engineId = engineId;
    const atMs = monotonicMs();
    this.flowingSinceMs = atMs;
    this.change = isSwitch ? { atMs, isEngineGone: loss?.isEngineGone === true } : null;
  }

  /**
   * The end of a stream whose sources fail one after the other; null while it may have another source. Asked when an
   * engine has answered for that source: by then it is known whether the engine before is to blame for the loss.
   */
  get excess(): Outcome | null {
    if (!this.isRunning() || this.loss?.isEngineGone === true) return null;
    const why = this.limit.excess(monotonicMs());
    return why === null
      ? null
      : giveUp('source_lost_too_often', new AppError('engine_failed', why));
  }

  /** Waits for the end of the source that was taken. @throws as `read` */
  async finish(reader: UpstreamReader, attempt: Attempt, signal: AbortSignal): Promise<SourceEnd> {
    attempt.outcome = 'playing';
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

  /** A source is over that had taken the place of a failed one. What never gave anything was no source. */
  private noteChange(flowed: boolean): void {
    const { change } = this;
    this.change = null;
    this.wasUnfelt =
      change !== null &&
      flowed &&
      this.limit.note({ ...change, join: this.ingest.join }) === 'unfelt';
  }

  /**
   * Whether the last source did so well that failures before it do not count; told once. One that viewers did not feel
   * has to be followed by the next one at once, or a wait makes them feel that.
   */
  takeRecovered(): boolean {
    const { flowingSinceMs: since, config } = this;
    this.flowingSinceMs = null;
    const flowedMs = since === null ? 0 : monotonicMs() - since;
    const stableMs = config.proxyStableAfterMs;
    return flowedMs >= (this.wasUnfelt ? Math.min(UNFELT_APART_MS, stableMs) : stableMs);
  }
}
