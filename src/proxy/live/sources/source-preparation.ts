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

/** A source on another engine that was prepared and now feeds the stream. */
export interface PreparedSource {
  readonly source: Source;
  readonly reader: UpstreamReader;
  readonly entry: AttemptEntry;
}

/** The source that feeds the stream while the next one is prepared. */
export interface PresentSource extends Pick<SpliceTarget, 'isFlowing' | 'supersede'> {
  /** Called when `reader` begins to feed the stream instead of this source. */
  replacedBy(reader: UpstreamReader, engineId: string): void;
}

/** Tells with which outcome the preparation of a source has failed. */
export class PreparationError extends Error {
  constructor(readonly outcome: Outcome) {
    super(describeOutcome(outcome));
  }
}

const CHECK_MS = 100;

/**
 * Brings up the next source while the old one still feeds the viewers. The media of the next source are staged until
 * the splice point is found, where they are spliced in. Until then a failure has no effect on viewers.
 */
export class SourcePreparation {
  readonly beganMs = monotonicMs();
  /** Monotonic time at which the source was spliced in; null before that. */
  splicedMs: number | null = null;
  /** The source that is being prepared or was spliced in; null before a slot was acquired, and after a failure. */
  source: Source | null = null;
  /** Resolves with the source when it was spliced in; with null when the preparation has failed. */
  readonly over: Promise<PreparedSource | null>;
  /** The error with which the preparation failed; null if it has not failed. */
  failure: unknown = null;
  /** The engine on which the preparation failed; null if no slot was acquired or the slot was revoked. */
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
    // `AbortSignal.any` would leak one entry for each attempt, and a stream may retry for days.
    const unlink = linkAbort(this.abortion, [signal]);
    this.over = this.prepare(acquire, this.abortion.signal)
      .catch((error: unknown) => {
        this.failure = error;
        return null;
      })
      .finally(unlink);
  }

  /** True if the preparation was cancelled by `abort`, so that the engine is not to blame. */
  get wasAborted(): boolean {
    return this.abortion.signal.aborted && !this.isOverdue;
  }

  /** Gives the preparation up because it takes too long for viewers who are waiting. The engine is to blame. */
  abortOverdue(): void {
    if (this.splicedMs !== null) return;
    this.isOverdue = true;
    this.abort('The new source was not ready in time after the stream had lost its old one.');
  }

  /** Gives the preparation up, unless the source was already spliced in. */
  abort(reason: string): void {
    if (this.splicedMs === null) this.abortion.abort(new AppError('conflict', reason));
  }

  /** Acquires and opens a source, and waits until it is spliced in. */
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
      return { source, entry, reader: await this.readUntilSpliced(source, either) };
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

  /** Opens the source and reads it until it is spliced in. @throws an error if it ends before that */
  private async readUntilSpliced(source: Source, signal: AbortSignal): Promise<UpstreamReader> {
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
            ? giveUp(
                'recorded_content',
                unsupported('The engine does not play it as a live stream.'),
              )
            : null,
      },
      signal,
    );
    if (opened.failure !== null) throw new PreparationError(opened.failure);
    const { media, deadlineMs } = opened;
    const spliced = new Deferred<'spliced'>();
    const { present } = this;
    const reader: UpstreamReader = new UpstreamReader(
      media,
      new StagedIntake(ingest, {
        get isFlowing() {
          return present.isFlowing;
        },
        supersede: () => present.supersede(),
        placed: () => {
          this.splicedMs = monotonicMs();
          present.replacedBy(reader, source.engine.id);
          source.confirm();
          spliced.resolve('spliced');
        },
      }),
      { silenceMs: () => config.proxyStallTimeoutMs, firstMediaDeadlineMs: deadlineMs },
      monotonicMs,
    );
    await this.stage(reader, source.engine.id, spliced, deadlineMs, signal);
    return reader;
  }

  /**
   * Reads the new source while the old one feeds the stream, until the new one is spliced in.
   *
   * @throws an error if the new source ends before that
   */
  private async stage(
    reader: UpstreamReader,
    engineId: string,
    spliced: Deferred<'spliced'>,
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
      // Media that arrived while our event loop was late are not read yet, so the source may not have been silent.
      if (lag.at(nowMs) > 0) {
        reader.resetSilence(nowMs);
        return;
      }
      reader.check(nowMs);
      silence.look(reader, nowMs);
      if (nowMs >= deadlineMs) reader.leave('no_splice_point');
    }, CHECK_MS);
    reader.start();
    const first = await Promise.race([spliced.promise, reader.ended]);
    clearInterval(timer);
    signal.removeEventListener('abort', onAbort);
    if (first === 'spliced' || this.splicedMs !== null) return;
    if (first === 'fault') throw reader.fault;
    signal.throwIfAborted();
    const fate = first === 'aborted' ? 'reset' : first;
    throw new PreparationError(outcomeOfEnd(fate, reader.isFlowing, Buffer.alloc(0)));
  }
}
