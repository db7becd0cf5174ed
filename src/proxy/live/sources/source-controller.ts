import { EngineFault } from '../../../ace';
import type { AppConfig } from '../../../config';
import { SlotRevocation } from '../../../engines';
import { AppError } from '../../../kernel/errors';
import { PendingWork } from '../../../kernel/pending-work';
import { settlesWithin } from '../../../kernel/wait';
import type { AbandonReason, UpstreamReader } from '../../upstream';
import type { SourceChangeReason } from '../stream-reporter';
import { AttemptLog, type AttemptEntry, type TimedAttempt } from './attempt-log';
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
 * Who plays the content that an engine has opened for this stream:
 *
 * - `own`: This stream plays it.
 * - `merged`: Another stream already played it, and now also serves the viewers of this one.
 * - `played_elsewhere`: Another stream already plays it, but this one is running and cannot be merged into it.
 * - `handed_over`: The content is a file, and a file playback has taken over the source.
 */
export type Claim = 'own' | 'merged' | 'played_elsewhere' | 'handed_over';

/** The callbacks of a stream about its sources. */
export interface SourceListener {
  /** An engine has opened the content. Returns who plays it from now on. */
  answered(source: Source): Claim;
  /** The stream must end: another request needs its slot, and nobody watches the stream. */
  reclaimed(): void;
  /** The channel's source was given up, and the next source is about to be tried. */
  sourceChanged(fromId: string | null, reason: SourceChangeReason, detail: string | null): void;
}

/**
 * Supplies a stream with sources in a loop: brings up a source, reads it to its end, and carries out what `nextStep`
 * decides. Closes every source that it has acquired, however the loop ends.
 *
 * A source here is an engine session (`Source`). A channel's source is one of its contents (`rotation.source`); the steps
 * and names with "change" mean that one.
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
  /** The source that `run` closes in the end. */
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
    this.acquirer = new EngineAcquirer(engines, stream, policy, log, config, signal);
    const { acquirer, reading } = this;
    this.moves = new PlannedMoves(stream, engines, config, acquirer, reading, log, pending, signal);
  }

  get attempts(): readonly TimedAttempt[] {
    return this.log.entries;
  }

  /** The source in use or being opened; null if there is none. */
  get current(): Source | null {
    return this.source;
  }

  /** The reader of the source in use; null if there is none. */
  get reader(): UpstreamReader | null {
    return this.reading.reader;
  }

  /** Number of times that the running stream replaced a failed source. */
  get failovers(): number {
    return this.reading.failovers;
  }

  /** Resolves with true if the engine in use, or else the last one, answers a probe within `withinMs`. */
  async engineAnswers(withinMs: number): Promise<boolean> {
    const { engineId } = this.reading;
    return engineId !== null && this.engines.answers(engineId, withinMs);
  }

  /** Stops reading the source in use, if there is one, so that the stream gets another one. */
  abandon(why: AbandonReason): void {
    this.reader?.leave(why);
  }

  /** Call after media were appended to the history. */
  mediaAppended(): void {
    this.reading.mediaAppended();
  }

  /**
   * Protects the slot of the source in use like that of any running stream. Call when viewers can join the stream.
   */
  confirm(): void {
    this.source?.confirm();
  }

  /** Moves the stream to another engine. @throws as `PlannedMoves.request` */
  move(engineId: string | null): MoveUnderWay {
    return this.moves.request(engineId);
  }

  /**
   * Takes over the engine session that another stream has just opened for the same content. It has ended this stream's
   * engine session: when the reader of that one ends, this stream reads on in the newer one. Does nothing if this
   * stream has no source on that engine.
   */
  adoptFrom(newer: Source): void {
    const source = [this.moves.preparing, this.source].find(
      (one) => one?.engine.id === newer.engine.id,
    );
    if (source != null) newer.giveSessionTo(source);
  }

  /**
   * Supplies the stream with sources until it is aborted, merged or reclaimed. Await `settled()` afterwards, also after
   * an error.
   *
   * @throws the error for viewers, as soon as it is known and without waiting for engine sessions to stop
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

  /** The failover policy from the first join point on; before that, the start policy. */
  private get policy(): SourcePolicy {
    return this.stream.ingest.isJoinable ? this.failover : this.start;
  }

  private async supply(): Promise<void> {
    const { rotation } = this.stream;
    let reopened: Source | null = null;
    let prepared: PreparedSource | null = null;
    for (;;) {
      // Do not throw while a source is prepared: `run` would not close it yet, and only `attempt` aborts its reader and
      // ends its log entry.
      if (prepared === null) this.signal.throwIfAborted();
      // After a change of the channel's source, or after an excused loss, no failure counts, so reopening is no retry.
      const isRetryHere: boolean = reopened !== null && rotation.hasFailed;
      const kept: Source | null = prepared?.source ?? reopened;
      const source: Source = kept ?? (await this.acquire());
      this.source = source;
      // While this request waited, another part of the content may have acquired the same engine.
      if (kept === null && this.stream.busyEngines().has(source.engine.id)) {
        await source.close();
        this.source = null;
        continue;
      }
      this.policy.begin(rotation.left);
      this.moves.watch(source);
      const outcome = await this.attempt(source, isRetryHere, prepared);
      const step = this.conclude(source, outcome, isRetryHere);
      if (step.step === 'end') {
        if (step.isReclaimed) this.listener.reclaimed();
        return;
      }
      reopened = await this.carryOut(step, outcome, source);
      prepared = reopened === null ? await this.moves.takeOver() : null;
    }
  }

  /**
   * Acquires a source for the next attempt. If no engine has one, changes to the channel's next source.
   *
   * @throws the error for viewers if none is left
   */
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
   * Brings the source up, unless it is prepared already, and reads it to its end.
   *
   * @throws the reason for which the stream was aborted; an internal error
   */
  private async attempt(
    source: Source,
    isRetryHere: boolean,
    prepared: PreparedSource | null,
  ): Promise<Outcome> {
    const { rotation } = this.stream;
    const entry = prepared?.entry ?? this.log.begin(source.engine.id, rotation.source?.id ?? null);
    // A prepared source was brought up during a planned move, so record no start duration for it.
    if (prepared === null) rotation.trying();
    const signal = AbortSignal.any([this.signal, source.revoked, this.reading.begin()]);
    try {
      const outcome = await (
        prepared === null
          ? this.open(source, isRetryHere, entry, signal)
          : this.readPrepared(prepared, entry, signal)
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

  /** Brings the source up and reads it to its end. */
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
          entry.answered();
          rotation.engineKnows(known);
          return this.claim(source) ?? this.reading.excess;
        },
      },
      signal,
    );
    return (
      opened.failure ??
      this.readToEnd(source, this.read(source, opened, entry, signal), entry, signal)
    );
  }

  /** Reads a prepared source, which feeds the stream already, to its end. */
  private readPrepared(
    { source, reader }: PreparedSource,
    entry: AttemptEntry,
    signal: AbortSignal,
  ): Promise<Outcome> {
    this.listener.answered(source);
    return this.readToEnd(source, this.reading.finish(reader, entry, signal), entry, signal);
  }

  /**
   * Claims the content for this stream. Returns null if it plays the content, else the outcome that ends the attempt.
   */
  private claim(source: Source): Outcome | null {
    const claim = this.listener.answered(source);
    if (source.opened?.isLive === 0) {
      if (claim === 'handed_over') this.source = null;
      const cause = new EngineFault('unsupported', 'not_live', 'recorded content');
      return giveUp('recorded_content', unsupported('The content is not live.', cause));
    }
    if (claim === 'own') return null;
    if (claim === 'merged') return { next: 'merged', code: 'joined_other_stream', detail: null };
    // The viewers of a running stream cannot move to another stream, so the channel needs another source.
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

  /** Waits for the end of the engine session that is read. As long as there is a newer one, continues in that. */
  private async readToEnd(
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
      return startTimeout(end.flowed ? 'media without a join point' : end.why);
    }
    return outcomeOfEnd(end.why, end.flowed, this.stream.ingest.head);
  }

  /**
   * Returns the outcome of an aborted attempt. Rethrows the error if the stream was aborted or the error is internal.
   */
  private outcomeOfAbort(error: unknown): Outcome {
    if (this.signal.aborted) throw error;
    if (error === SUPERSEDED) return { next: 'superseded', code: 'superseded', detail: null };
    if (!(error instanceof SlotRevocation)) throw error;
    const { message: detail } = error;
    return error.code === 'preempted'
      ? { next: 'preempted', code: 'preempted', detail }
      : { next: 'withdrawn', code: 'engine_withdrawn', detail };
  }

  /** Counts the outcome of an attempt as a success or a failure, and decides the next step. */
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
      // The death of an engine does not count as a failure, nor do the attempts that discovered it.
      acquirer.excuseLoss();
      rotation.excuseLoss();
    } else if (hasFailed) {
      acquirer.failed();
      rotation.tryFailed();
    }
    return nextStep(outcome, {
      policy,
      isWatched: holder.watch === 'watched',
      wasRetryHere,
      failuresInARow: acquirer.failuresInARow,
      isPreparing: this.moves.preparing !== null,
      isSourceSpent: rotation.isSpent(wasRetryHere),
      hasOtherSources: rotation.hasOthers,
    });
  }

  /** Records that a running stream has lost its source, or an outcome since then. */
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
   * @returns the source to open next; null if there is none yet
   * @throws the error for viewers if there is nothing left to try
   */
  private async carryOut(
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
            // Set it now, so that `run` closes it even if the stream ends before it is opened.
            this.source = other;
            return other;
          }
        }
        return this.reopen(source);
      }
      case 'same_engine':
        if (step.changesSource) await this.changeSource(outcome.code, outcome.detail, null);
        // Cancel a planned move, or its source could be spliced in while this one is reopened.
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
   * Stops the engine session, waits for the backoff, and returns the source to be opened again. The stop must come
   * first, because a later one would end the new playback of the same content. If it takes too long, or if another stream
   * plays another part of the content there, leaves the engine and returns null.
   */
  private async reopen(source: Source): Promise<Source | null> {
    if (this.stream.busyEngines().has(source.engine.id)) {
      this.leave();
      return null;
    }
    if (await settlesWithin(source.stop(), this.config.proxySameEngineTimeoutMs)) {
      await this.acquirer.retryHere(source);
      return source;
    }
    this.acquirer.exclude(source.engine.id, true);
    this.leave();
    return null;
  }

  /** Changes to the channel's next source. @throws the error for viewers if no source or no time is left */
  private async changeSource(
    reason: SourceChangeReason,
    detail: string | null,
    error: AppError | null,
  ): Promise<void> {
    const { rotation } = this.stream;
    const { policy } = this;
    const fromId = rotation.source?.id ?? null;
    this.moves.cancel('The stream changes to another source of its channel.');
    const why = detail === null ? reason : `${reason}: ${detail}`;
    const rounds = rotation.next(policy.isPersistent, why, error);
    const last = error ?? new AppError('engine_failed', `No source delivers media: ${why}.`);
    if (rounds === null || !policy.nextSource(rotation.left)) throw rotation.failure(last);
    this.acquirer.startOver(rounds);
    this.listener.sourceChanged(fromId, reason, detail);
    if (rounds > 0) await this.acquirer.backOff();
  }

  /** Closes the source in use, if there is one, without waiting for it. */
  private leave(): void {
    const { source } = this;
    this.source = null;
    if (source !== null) this.pending.add(source.close());
  }
}
