import { EngineFault, type EngineSession } from '../../../ace';
import type { AppConfig } from '../../../config';
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
 * Who plays the content that an engine has opened. `merged`, `same_engine`: another stream does already, in the second
 * case on the same engine; `handed_over`: the source belongs to another stream from now on.
 */
export type Claim = 'own' | 'same_engine' | 'merged' | 'handed_over';

/** Learns what happens to the sources of a stream. */
export interface SourceListener {
  /** An engine has answered. Decides who plays the content from now on. */
  answered(source: Source): Claim;
  /** Another request needs the slot, and nobody watches the stream: it is to end. */
  reclaimed(): void;
  /** A channel's source was given up for the next one, which is about to be tried. */
  sourceChanged(fromId: string | null, reason: SourceChangeReason, detail: string | null): void;
}

/**
 * The one loop that gives a stream its sources: brings one up, reads it to its end, and does what `nextStep` says. Every
 * source that it acquires is closed on every way out.
 */
export class SourceController {
  private readonly log = new AttemptLog();
  private readonly reading: SourceReading;
  private readonly acquirer: EngineAcquirer;
  private readonly moves: PlannedMoves;
  /** Sources that are being closed, and moves under way. */
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

  /** The source in use, also while it is being opened. */
  get current(): Source | null {
    return this.source;
  }

  get reader(): UpstreamReader | null {
    return this.reading.reader;
  }

  /** How often a source of the running stream replaced one that had failed. */
  get failovers(): number {
    return this.reading.failovers;
  }

  /** Whether the engine that is being read, or was read last, answers a probe within `withinMs`. */
  async engineAnswers(withinMs: number): Promise<boolean> {
    const { engineId } = this.reading;
    return engineId !== null && this.engines.answers(engineId, withinMs);
  }

  /** Abandons the source that is being read, if there is one. */
  abandon(why: AbandonReason): void {
    this.reader?.leave(why);
  }

  /** Viewers can join: the present source may no longer be preempted as a start. */
  confirm(): void {
    this.source?.confirm();
  }

  /** Moves the stream to another engine. @throws as `PlannedMoves.request` */
  move(engineId: string | null): MoveUnderWay {
    return this.moves.request(engineId);
  }

  /**
   * Takes over an engine session that another stream opened for the same content. The engine serves only the newer
   * session, so a reader that ends is reopened there. False when this stream has nothing on that engine.
   */
  adopt(engineSession: EngineSession, engineId: string): boolean {
    const source = [this.moves.preparing, this.source].find((one) => one?.engine.id === engineId);
    source?.adopt(engineSession);
    return source != null;
  }

  /**
   * Runs until the signal aborts, the stream is merged into another one or reclaimed (returns), or there is nothing left
   * to try. Then `settled` is to be awaited.
   *
   * @throws what viewers are told, at once, without waiting for any engine
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

  /** Resolves when every engine session is stopped and every slot is free; bounded. */
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
      // A prepared source is closed by the attempt that goes on with it.
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

  /** A source for the next attempt. @throws what viewers are told when there is none */
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
   * @throws the reason of an abort by the stream; an error inside the proxy
   */
  private async attempt(
    source: Source,
    isRetryHere: boolean,
    prepared: PreparedSource | null,
  ): Promise<Outcome> {
    const { rotation } = this.stream;
    const entry = prepared?.entry ?? this.log.begin(source.engine.id, rotation.source?.id ?? null);
    // The time that a preparation took says nothing about how long a start takes.
    if (prepared === null) rotation.trying();
    const signal = AbortSignal.any([this.signal, source.revoked, this.reading.begin()]);
    try {
      const outcome = await (
        prepared === null
          ? this.open(source, isRetryHere, entry, signal)
          : this.goOn(prepared, entry, signal)
      ).catch((error: unknown) => this.outcomeOfAbort(error, source));
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

  /** Null when the content is this stream's to play. */
  private claim(source: Source): Outcome | null {
    const claim = this.listener.answered(source);
    if (source.engineSession?.isLive === 0) {
      if (claim === 'handed_over') this.source = null;
      const cause = new EngineFault('unsupported', 'not_live', 'recorded content');
      return giveUp('recorded_content', unsupported('The content is not live.', cause));
    }
    if (claim === 'own') return null;
    if (claim === 'same_engine') source.giveSessionAway();
    if (this.policy.mayMerge) return { next: 'merged', code: 'joined_other_stream', detail: null };
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

  /** Waits for the end of what is being read, and goes on with a newer session of the source as long as there is one. */
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

  /** @throws what is no outcome of the source: an abort by the stream, an error inside the proxy */
  private outcomeOfAbort(error: unknown, { lease, revoked }: Source): Outcome {
    if (this.signal.aborted) throw error;
    if (error === SUPERSEDED) return { next: 'superseded', code: 'superseded', detail: null };
    if (!revoked.aborted || error !== revoked.reason) throw error;
    const detail = lease.revocationReason?.message ?? null;
    return lease.isPreempted
      ? { next: 'preempted', code: 'preempted', detail }
      : { next: 'withdrawn', code: 'engine_withdrawn', detail };
  }

  /** Counts what the attempt came to, and decides what follows. */
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
    if (hasFailed && reading.loss?.isEngineGone === true) {
      // The death of an engine is no fault of the content, nor is the attempt that found the engine dead.
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
   * Does what follows an attempt.
   *
   * @returns the source to open next; null: one is still to be acquired
   * @throws what viewers are told when there is nothing left to try
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
            // Closed with the controller from here on, should the stream end before anything is tried there.
            this.source = other;
            return other;
          }
        }
        return this.reopen(source);
      }
      case 'same_engine':
        if (step.changesSource) await this.changeSource(outcome.code, outcome.detail, null);
        // No engine prepares a move yet. If one did from now on, two sources would feed the stream.
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
   * The source once more. Its old session must be gone first: a stop that came later would freeze the new reader of the
   * same content. Null when the stop takes too long: then the engine is left.
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

  /** Gives the channel's source up for the next one. @throws what viewers are told when there is none, or no time for it */
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
