import { EngineFault } from '../../../ace';
import type { AppConfig } from '../../../config';
import { SlotRevocation } from '../../../engines';
import { AppError } from '../../../kernel/errors';
import { PendingWork } from '../../../kernel/pending-work';
import { settlesWithin } from '../../../kernel/wait';
import type { Attempt } from '../../streams';
import type { AbandonReason, UpstreamReader } from '../../upstream';
import type { SourceChangeReason } from '../stream-reporter';
import { AttemptLog, type AttemptEntry } from './attempt-log';
import { bringUp, openMedia, type OpenMedia } from './bring-up';
import { EngineAcquirer } from './engine-acquirer';
import type { EngineSources } from './engine-sources';
import { nextStep, type NextStep } from './next-step';
import { giveUp, outcomeOfEnd, startTimeout, unsupported, type Outcome } from './outcomes';
import { PlannedMoves, type MoveUnderWay } from './planned-moves';
import { SourceLoss } from './source-loss';
import { FailoverPolicy, type SourcePolicy } from './source-policy';
import type { PreparedSource } from './source-preparation';
import { SourceReading, SUPERSEDED, type SourceEnd } from './source-reading';
import type { Source } from './source.port';
import type { SourcedStream } from './sourced-stream';
import { StartPolicy } from './start-policy';

/**
 * The stream that plays the content which an engine has opened:
 *
 * - `own`: This stream plays the content.
 * - `merged`: Another stream already plays the content, and serves the viewers of this one from now on.
 * - `played_elsewhere`: Another stream already plays the content, but this one is running and cannot be merged into it.
 * - `handed_over`: A playback of the file has taken the source over.
 */
export type Claim = 'own' | 'merged' | 'played_elsewhere' | 'handed_over';

/** Is notified about the sources of a stream. */
export interface SourceListener {
  /** An engine has answered. Returns which stream plays the content from now on. */
  answered(source: Source): Claim;
  /** The stream must end, because another request needs its slot and nobody watches the stream. */
  reclaimed(): void;
  /** The channel's source was given up, and the next source is about to be tried. */
  sourceChanged(fromId: string | null, reason: SourceChangeReason, detail: string | null): void;
}

/**
 * Runs the loop that supplies a stream with sources. Each pass brings up a source, reads it to its end, and does what
 * `nextStep` decides. The loop closes every source that it acquires, however the loop ends.
 */
export class SourceController {
  private readonly log = new AttemptLog();
  private readonly reading: SourceReading;
  private readonly acquirer: EngineAcquirer;
  private readonly moves: PlannedMoves;
  /** Sources that are being closed, and planned moves in progress. */
  private readonly pending = new PendingWork();
  private readonly start: SourcePolicy;
  private readonly failover: SourcePolicy;
  private source: Source | null = null;

  constructor(
    private readonly stream: SourcedStream,
    private readonly listener: SourceListener,
    private readonly engines: EngineSources,
    private readonly config: AppConfig,
    private readonly signal: AbortSignal,
  ) {
    const { log, pending } = this;
    this.start = new StartPolicy(config);
    this.failover = new FailoverPolicy(config);
    const policy = (): SourcePolicy => this.policy;
    this.reading = new SourceReading(stream.ingest, stream.report, config);
    this.acquirer = new EngineAcquirer(engines, stream.holder, policy, log, config, signal);
    const { acquirer, reading } = this;
    this.moves = new PlannedMoves(stream, engines, config, acquirer, reading, log, pending, signal);
  }

  get attempts(): readonly Attempt[] {
    return this.log.entries;
  }

  /** The source in use or being opened; null if there is none. */
  get current(): Source | null {
    return this.source;
  }

  get reader(): UpstreamReader | null {
    return this.reading.reader;
  }

  /** Number of times that the running stream replaced a failed source. */
  get failovers(): number {
    return this.reading.failovers;
  }

  /** Resolves with true if the engine that is being read, or was read last, answers a probe within `withinMs`. */
  async engineAnswers(withinMs: number): Promise<boolean> {
    const { engineId } = this.reading;
    return engineId !== null && this.engines.answers(engineId, withinMs);
  }

  /** Abandons the source that is being read, if there is one. */
  abandon(why: AbandonReason): void {
    this.reader?.leave(why);
  }

  /**
   * Viewers can join the stream now. From now on, the slot of the present source is protected like the slot of any
   * running stream.
   */
  confirm(): void {
    this.source?.confirm();
  }

  /** Moves the stream to another engine. @throws as `PlannedMoves.request` */
  move(engineId: string | null): MoveUnderWay {
    return this.moves.request(engineId);
  }

  /**
   * Takes over the engine session that another stream has just opened for the same content. The engine serves only the
   * newer session. When the old reader ends, reading continues in the newer session. Does nothing if this stream has no
   * source on that engine.
   */
  adoptFrom(newer: Source): void {
    const source = [this.moves.preparing, this.source].find(
      (one) => one?.engine.id === newer.engine.id,
    );
    if (source != null) newer.giveSessionTo(source);
  }

  /**
   * Supplies the stream with sources. Returns when aborted, merged or reclaimed. Await `settled()` afterwards, also after
   * an error.
   *
   * @throws the error to show viewers, as soon as it is known and without waiting for any engine
   */
  async run(): Promise<void> {
    try {
      await this.supply();
    } catch (error) {
      if (!this.signal.aborted) throw error;
    } finally {
      this.moves.close();
      this.leave();
    }
  }

  /** Resolves when every engine session is stopped and every slot is free. The wait is bounded. */
  settled(): Promise<void> {
    return this.pending.settled();
  }

  private get policy(): SourcePolicy {
    return this.stream.ingest.isJoinable ? this.failover : this.start;
  }

  private async supply(): Promise<void> {
    const { rotation } = this.stream;
    let again: Source | null = null;
    let prepared: PreparedSource | null = null;
    for (;;) {
      // Do not throw while holding a prepared source: only `attempt` closes it.
      if (prepared === null) this.signal.throwIfAborted();
      const isRetryHere: boolean = again !== null && rotation.hasFailed;
      const source: Source = prepared?.source ?? again ?? (await this.acquire());
      this.source = source;
      this.policy.begin(rotation.left);
      this.moves.follow(source);
      const outcome = await this.attempt(source, isRetryHere, prepared);
      const step = this.conclude(source, outcome, isRetryHere);
      if (step.step === 'end') {
        if (step.isReclaimed) this.listener.reclaimed();
        return;
      }
      again = await this.follow(step, outcome, source);
      prepared = again === null ? await this.moves.takeOver() : null;
    }
  }

  /** Acquires a source for the next attempt. @throws the error to show viewers if there is none */
  private async acquire(): Promise<Source> {
    const { rotation } = this.stream;
    for (;;) {
      if (this.policy.replacesSource && rotation.hasFailed && rotation.hasOthers) {
        const other = await this.acquirer.acquireOther();
        if (other !== null) return other;
        await this.changeSource('no_free_engine', null, null);
        continue;
      }
      try {
        return await this.acquirer.acquire();
      } catch (error) {
        this.signal.throwIfAborted();
        if (!(error instanceof AppError) || !this.policy.sourceErrors.includes(error.code)) {
          throw error;
        }
        await this.changeSource('no_free_engine', error.detail, error);
      }
    }
  }

  /**
   * Brings the source up, unless it is already prepared, and reads it to its end.
   *
   * @throws the stream signal's abort reason, or an internal error
   */
  private async attempt(
    source: Source,
    isRetryHere: boolean,
    prepared: PreparedSource | null,
  ): Promise<Outcome> {
    const { rotation } = this.stream;
    const entry = prepared?.entry ?? this.log.begin(source.engine.id, rotation.source?.id ?? null);
    // Do not record a start duration for a prepared source, because preparing it beside the old source is not a
    // start.
    if (prepared === null) rotation.trying();
    const signal = AbortSignal.any([this.signal, source.revoked, this.reading.begin()]);
    try {
      const outcome = await (
        prepared === null
          ? this.open(source, isRetryHere, entry, signal)
          : this.goOn(prepared, entry, signal)
      ).catch((error: unknown) => this.outcomeOfAbort(error));
      entry.note(outcome.code, outcome.detail);
      return this.policy.weigh(outcome);
    } catch (error) {
      entry.note(this.signal.aborted ? 'stopped' : 'internal_error');
      throw error;
    } finally {
      entry.end();
    }
  }

  private async open(
    source: Source,
    isRetryHere: boolean,
    entry: AttemptEntry,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { rotation } = this.stream;
    const opened = await bringUp(
      source,
      {
        selector: rotation.request,
        policy: this.policy,
        isRetryHere,
        failuresInARow: this.acquirer.failuresInARow,
        hasOtherSources: rotation.hasOthers,
        isNetworkConnected: () => this.engines.isNetworkConnected(source.engine.id),
        answered: (known) => {
          rotation.engineKnows(known);
          return this.claim(source) ?? this.reading.excess;
        },
      },
      signal,
    );
    return (
      opened.failure ?? this.readOn(source, this.read(source, opened, entry, signal), entry, signal)
    );
  }

  private goOn(
    { source, reader }: PreparedSource,
    entry: AttemptEntry,
    signal: AbortSignal,
  ): Promise<Outcome> {
    this.listener.answered(source);
    return this.readOn(source, this.reading.finish(reader, entry, signal), entry, signal);
  }

  /** Claims the content. Returns null if this stream plays it, or else the outcome that ends the attempt. */
  private claim(source: Source): Outcome | null {
    const claim = this.listener.answered(source);
    if (source.opened?.isLive === 0) {
      if (claim === 'handed_over') this.source = null;
      const cause = new EngineFault('unsupported', 'not_live', 'recorded content');
      return giveUp('recorded_content', unsupported('The content is not live.', cause));
    }
    if (claim === 'own') return null;
    if (claim === 'merged') return { next: 'merged', code: 'joined_other_stream', detail: null };
    // Viewers of a running channel cannot be moved into another stream; they need another source.
    const error = new AppError('conflict', 'The content is already played by another stream.');
    return giveUp('played_elsewhere', error);
  }

  private read(
    source: Source,
    { media, deadlineMs }: OpenMedia,
    entry: AttemptEntry,
    signal: AbortSignal,
  ): Promise<SourceEnd> {
    const { replacesSource } = this.policy;
    if (replacesSource) source.confirm();
    return this.reading.read(media, deadlineMs, replacesSource, entry, signal);
  }

  /** Waits until the session being read ends, then continues in a newer session of the source as long as there is one. */
  private async readOn(
    source: Source,
    present: Promise<SourceEnd>,
    entry: AttemptEntry,
    signal: AbortSignal,
  ): Promise<Outcome> {
    let end = await present;
    while (source.hasNewerSession && (end.why === 'end' || end.why === 'reset')) {
      const { excess } = this.reading;
      if (excess !== null) return excess;
      const opened = await openMedia(source, this.policy, signal);
      if (opened.failure !== null) return opened.failure;
      end = await this.read(source, opened, entry, signal);
    }
    if (end.why === 'silence' && this.policy.isOverdue) {
      return startTimeout(end.flowed ? 'media without a place to join' : end.why);
    }
    return outcomeOfEnd(end.why, end.flowed, this.stream.ingest.head);
  }

  /** Returns the outcome of an aborted attempt. Rethrows aborts by the stream and internal errors. */
  private outcomeOfAbort(error: unknown): Outcome {
    if (this.signal.aborted) throw error;
    if (error === SUPERSEDED) return { next: 'superseded', code: 'superseded', detail: null };
    if (!(error instanceof SlotRevocation)) throw error;
    const { message: detail } = error;
    return error.code === 'preempted'
      ? { next: 'preempted', code: 'preempted', detail }
      : { next: 'withdrawn', code: 'engine_withdrawn', detail };
  }

  /** Counts the outcome of the attempt, and decides the next step. */
  private conclude(source: Source, outcome: Outcome, wasRetryHere: boolean): NextStep {
    const { acquirer, policy, reading } = this;
    const { rotation, holder } = this.stream;
    if (outcome.next === 'superseded') acquirer.recovered();
    else if (policy.replacesSource) this.noteLoss(source, outcome);
    const hasFailed = outcome.next === 'same_engine' || outcome.next === 'other_engine';
    if (hasFailed || outcome.next === 'withdrawn' || outcome.next === 'preempted') {
      if (reading.takeRecovered()) {
        acquirer.recovered();
        rotation.recovered();
      }
    }
    if (hasFailed && reading.loss?.excuses(source.engine.id, outcome) === true) {
      // An engine's death, and the attempts that discovered it, do not count as failures.
      acquirer.excuseLoss();
      rotation.excuseLoss();
    } else if (hasFailed) {
      acquirer.failed();
      rotation.tryFailed();
    }
    return nextStep(outcome, {
      policy,
      isWatched: holder.isWatched,
      wasRetryHere,
      failuresInARow: acquirer.failuresInARow,
      isPreparing: this.moves.preparing !== null,
      isSourceSpent: rotation.isSpent(wasRetryHere),
      hasOtherSources: rotation.hasOthers,
    });
  }

  private noteLoss({ engine }: Source, outcome: Outcome): void {
    if (this.reading.loss === null) {
      this.reading.loss = new SourceLoss(engine, outcome.code);
      this.acquirer.lossBegins();
      this.stream.rotation.lossBegins();
    }
    this.reading.loss.note(engine.id, outcome);
  }

  /**
   * Carries out the next step after an attempt.
   *
   * @returns the source to open next; null if the caller must acquire one
   * @throws the error to show viewers if there is nothing left to try
   */
  private async follow(
    step: Exclude<NextStep, { step: 'end' }>,
    outcome: Outcome,
    source: Source,
  ): Promise<Source | null> {
    switch (step.step) {
      case 'fail':
        throw step.error;
      case 'next_source': {
        await this.changeSource(outcome.code, outcome.detail, step.error);
        if (step.prefers === 'other_engine') {
          this.acquirer.exclude(source.engine.id, true);
          const other = await this.acquirer.acquireOther();
          if (other !== null) {
            this.leave();
            // From here `run` closes it, even if the stream ends before it is tried.
            this.source = other;
            return other;
          }
        }
        return this.reopen(source);
      }
      case 'same_engine':
        if (step.changesSource) await this.changeSource(outcome.code, outcome.detail, null);
        // Cancel the move now, or it could add a second source while this one is reopened.
        this.moves.cancel('The stream lost its source meanwhile.');
        return this.reopen(source);
      case 'other_engine':
        if (step.changesSource) await this.changeSource(outcome.code, outcome.detail, null);
        if (step.complaint !== null) this.engines.complain(source.engine.id, step.complaint);
        if (step.exclusion !== null) {
          this.acquirer.exclude(source.engine.id, step.exclusion === 'transient');
        }
        this.leave();
        return null;
    }
  }

  /**
   * Prepares the source to be opened again. The old session must be stopped first, because a later stop would freeze the
   * new reader of the same content. Returns null if the stop takes too long; the stream then leaves the engine.
   */
  private async reopen(source: Source): Promise<Source | null> {
    if (await settlesWithin(source.stop(), this.config.proxySameEngineTimeoutMs)) {
      await this.acquirer.retryHere(source);
      return source;
    }
    this.acquirer.exclude(source.engine.id, true);
    this.leave();
    return null;
  }

  /** Replaces the channel's source by the next one. @throws the error to show viewers if no source or no time is left */
  private async changeSource(
    reason: SourceChangeReason,
    detail: string | null,
    error: AppError | null,
  ): Promise<void> {
    const { rotation } = this.stream;
    const { policy } = this;
    const fromId = rotation.source?.id ?? null;
    this.moves.cancel('The stream goes on with another source.');
    const why = detail === null ? reason : `${reason}: ${detail}`;
    const rounds = rotation.next(policy.isPersistent, why, error);
    const last = error ?? new AppError('engine_failed', `No source delivers media: ${why}.`);
    if (rounds === null || !policy.nextSource(rotation.left)) throw rotation.failure(last);
    this.acquirer.startOver(rounds);
    this.listener.sourceChanged(fromId, reason, detail);
    if (rounds > 0) await this.acquirer.backOff();
  }

  private leave(): void {
    const { source } = this;
    this.source = null;
    if (source !== null) this.pending.add(source.close());
  }
}
