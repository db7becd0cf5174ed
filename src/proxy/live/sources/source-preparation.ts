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

/** A source that feeds the stream already, on another engine than the one before. */
export interface PreparedSource {
  readonly source: Source;
  readonly reader: UpstreamReader;
  readonly entry: AttemptEntry;
}

/** The source that feeds the stream while the next one is prepared. */
export interface PresentSource extends Pick<SpliceTarget, 'isFlowing' | 'supersede'> {
  /** From now on `reader` feeds the stream, and the present source is superseded. */
  replacedBy(reader: UpstreamReader, engineId: string): void;
}

/** The source that was to be prepared has failed. */
export class PreparationError extends Error {
  constructor(readonly outcome: Outcome) {
    super(describeOutcome(outcome));
  }
}

const CHECK_MS = 100;

/**
 * Brings up the next source while the old one still feeds the viewers. Its media are staged until their splice point is
 * found; until then viewers notice nothing, and a failure leaves nothing behind.
 */
export class SourcePreparation {
  readonly beganMs = monotonicMs();
  placedMs: number | null = null;
  /** Set while an engine prepares, and once the source is placed. */
  source: Source | null = null;
  /** Resolves when it is over: null when it failed. */
  readonly over: Promise<PreparedSource | null>;
  /** Why it failed, and on which engine; null: no engine was acquired. */
  failure: unknown = null;
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
    // A stream that cannot leave its engine tries for days.
    const unlink = linkAbort(this.abortion, [signal]);
    this.over = this.prepare(acquire, this.abortion.signal)
      .catch((error: unknown) => {
        this.failure = error;
        return null;
      })
      .finally(unlink);
  }

  /** It failed for reasons that are not those of its engine. */
  get wasAborted(): boolean {
    return this.abortion.signal.aborted && !this.isOverdue;
  }

  /** Viewers wait, and the engine had as long as any source has. */
  abortOverdue(): void {
    if (this.placedMs !== null) return;
    this.isOverdue = true;
    this.abort('It was not ready when the stream lost its source.');
  }

  /** Gives up a source that is not placed yet. */
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
      // A slot that was revoked says nothing about its engine.
      this.failedOn = source.revoked.aborted ? null : source.engine.id;
      entry.note('not_moved', describeError(error));
      entry.end();
      this.pending.add(source.close());
      throw error;
    }
  }

  /** Opens the source and reads it until it is placed. @throws when it ends before */
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
          source.engineSession?.isLive === 0
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

  /** Reads beside the old source until the splice point is found. @throws when the new source ends before */
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
      // What arrived while our own event loop was late still waits to be read.
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
