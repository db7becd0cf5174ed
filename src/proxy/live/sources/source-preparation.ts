import type { AppConfig } from '../../../config';
import { monotonicMs } from '../../../kernel/clock';
import { Deferred } from '../../../kernel/deferred';
import { AppError } from '../../../kernel/errors';
import { EventLoopLag } from '../../../kernel/event-loop-lag';
import { linkAbort } from '../../../kernel/linked-abort';
import type { PendingWork } from '../../../kernel/pending-work';
import { SilenceCheck, StagedIntake, UpstreamReader, type SpliceTarget } from '../../upstream';
import type { AttemptEntry, AttemptLog } from './attempt-log';
import { bringUp } from './bring-up';
import type { EngineSources } from './engine-sources';
import {
  describeError,
  describeOutcome,
  giveUp,
  outcomeOfEnd,
  unsupported,
  type Outcome,
} from './outcomes';
import { createMovePolicy } from './source-policy';
import type { Source } from './source.port';
import type { SourcedStream } from './sourced-stream';

/** A source on another engine that has taken over the stream. */
export interface PreparedSource {
  readonly source: Source;
  readonly reader: UpstreamReader;
  readonly entry: AttemptEntry;
}

/** The source that feeds the stream while the next source is prepared. */
export interface PresentSource extends Pick<SpliceTarget, 'isFlowing' | 'supersede'> {
  /** Called when `reader` takes over feeding the stream. This supersedes the present source. */
  replacedBy(reader: UpstreamReader, engineId: string): void;
}

/** The preparation of a source has failed. */
export class PreparationError extends Error {
  constructor(readonly outcome: Outcome) {
    super(describeOutcome(outcome));
  }
}

const CHECK_MS = 100;

/**
 * Brings up the next source while the old one still feeds the viewers. The media of the next source are staged until their
 * splice point is found. Until then viewers notice nothing, and a failure has no effect on the stream.
 */
export class SourcePreparation {
  readonly beganMs = monotonicMs();
  placedMs: number | null = null;
  /** The source being prepared, or placed. Null before an engine was acquired and after a failure. */
  source: Source | null = null;
  /** Resolves when the preparation is over; with null if it failed. */
  readonly over: Promise<PreparedSource | null>;
  /** The error with which the preparation failed; null if it has not failed. */
  failure: unknown = null;
  /** The engine that the preparation failed on; null if no engine was acquired or its slot was revoked. */
  failedOn: string | null = null;
  private readonly abortion = new AbortController();
  private isOverdue = false;

  constructor(
    private readonly stream: SourcedStream,
    private readonly engines: EngineSources,
    private readonly config: AppConfig,
    private readonly log: AttemptLog,
    private readonly pending: PendingWork,
    acquire: (signal: AbortSignal) => Promise<Source>,
    private readonly present: PresentSource,
    signal: AbortSignal,
  ) {
    // Not `AbortSignal.any`: it leaks one entry per try, and a stream may retry for days.
    const unlink = linkAbort(this.abortion, [signal]);
    this.over = this.prepare(acquire, this.abortion.signal)
      .catch((error: unknown) => {
        this.failure = error;
        return null;
      })
      .finally(unlink);
  }

  /** True if it was cancelled, so the engine is not to blame. */
  get wasAborted(): boolean {
    return this.abortion.signal.aborted && !this.isOverdue;
  }

  /** Gives the preparation up because viewers are waiting, and the engine's time is up. */
  abortOverdue(): void {
    if (this.placedMs !== null) return;
    this.isOverdue = true;
    this.abort('It was not ready in time after the stream lost its source.');
  }

  /** Gives the preparation up, unless the source is already placed. */
  abort(reason: string): void {
    if (this.placedMs === null) this.abortion.abort(new AppError('conflict', reason));
  }

  private async prepare(
    acquire: (signal: AbortSignal) => Promise<Source>,
    signal: AbortSignal,
  ): Promise<PreparedSource> {
    const source = await acquire(signal);
    const entry = this.log.begin(source.engine.id, this.stream.rotation.source?.id ?? null);
    entry.note('preparing');
    this.source = source;
    try {
      const either = AbortSignal.any([signal, source.revoked]);
      return { source, entry, reader: await this.place(source, either) };
    } catch (error) {
      this.source = null;
      // Do not blame the engine if its slot was revoked.
      this.failedOn = source.revoked.aborted ? null : source.engine.id;
      entry.note('not_moved', describeError(error));
      entry.end();
      this.pending.add(source.close());
      throw error;
    }
  }

  /** Opens the source and reads it until it is placed. @throws if the source ends before that */
  private async place(source: Source, signal: AbortSignal): Promise<UpstreamReader> {
    const { config } = this;
    const { rotation, ingest } = this.stream;
    const opened = await bringUp(
      source,
      {
        selector: rotation.request,
        policy: createMovePolicy(config),
        isRetryHere: false,
        failuresInARow: 0,
        hasOtherSources: false,
        isNetworkConnected: () => this.engines.isNetworkConnected(source.engine.id),
        answered: () =>
          source.opened?.isLive === 0
            ? giveUp('recorded_content', unsupported('It is not live there.'))
            : null,
      },
      signal,
    );
    if (opened.failure !== null) throw new PreparationError(opened.failure);
    const { media, deadlineMs } = opened;
    const placed = new Deferred<'placed'>();
    const { present } = this;
    const reader: UpstreamReader = new UpstreamReader(
      media,
      new StagedIntake(ingest, {
        get isFlowing() {
          return present.isFlowing;
        },
        supersede: () => present.supersede(),
        placed: () => {
          this.placedMs = monotonicMs();
          present.replacedBy(reader, source.engine.id);
          source.confirm();
          placed.resolve('placed');
        },
      }),
      { silenceMs: config.proxyStallTimeoutMs, firstMediaDeadlineMs: deadlineMs },
      monotonicMs,
    );
    await this.stage(reader, source.engine.id, placed, deadlineMs, signal);
    return reader;
  }

  /**
   * Reads the new source beside the old one until the splice point is found.
   *
   * @throws if the new source ends before that
   */
  private async stage(
    reader: UpstreamReader,
    engineId: string,
    placed: Deferred<'placed'>,
    deadlineMs: number,
    signal: AbortSignal,
  ): Promise<void> {
    const onAbort = (): void => reader.abort();
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) reader.abort();
    const lag = new EventLoopLag(CHECK_MS, monotonicMs());
    const silence = new SilenceCheck(
      { engineAnswers: (withinMs) => this.engines.answers(engineId, withinMs) },
      lag,
    );
    const timer = setInterval(() => {
      const nowMs = monotonicMs();
      // Media that arrived while our own event loop was late have not been read yet, so this is no silence.
      if (lag.at(nowMs) > 0) {
        reader.resetSilence(nowMs);
        return;
      }
      reader.check(nowMs);
      silence.look(reader, nowMs);
      if (nowMs >= deadlineMs) reader.leave('no_splice_point');
    }, CHECK_MS);
    reader.start();
    const first = await Promise.race([placed.promise, reader.ended]);
    clearInterval(timer);
    signal.removeEventListener('abort', onAbort);
    if (first === 'placed' || this.placedMs !== null) return;
    if (first === 'fault') throw reader.fault;
    signal.throwIfAborted();
    const fate = first === 'aborted' ? 'reset' : first;
    throw new PreparationError(outcomeOfEnd(fate, reader.isFlowing, Buffer.alloc(0)));
  }
}
