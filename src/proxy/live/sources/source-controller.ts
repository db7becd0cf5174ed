import type { EngineSession } from '../../../ace';
import type { SlotHolder, SlotLease } from '../../../engines';
import { AppError } from '../../../kernel/errors';
import type { UpstreamReader } from '../../upstream';
import { AttemptLog } from './attempt-log';
import { ContentDoubt } from './content-doubt';
import { EngineAcquirer } from './engine-acquirer';
import { PendingReleases, EngineSource } from './engine-source';
import { SourceAttempts, type TrialOwner } from './source-attempts';
import type { PreparedSource } from '../moves/move-preparation';
import type { MoveReport } from '../moves/move.types';
import { PlannedMoves, type MovesOwner } from '../moves/planned-moves';
import { settlesWithin } from '../../../kernel/wait';
import type { SessionServices } from '../session-services';
import type { Attempt } from '../../streams';
import type { CurrentEngine } from '../live-phase';
import { SourceReading } from './source-reading';
import { SourceLoss } from './source-loss';
import { StartBudget } from './start-budget';
import { speaksAgainstSource, type Outcome } from './start-outcome';

export interface FailoverReport {
  /** The source was lost, for `reason`, and another one is read, maybe on the same engine. */
  failedOver(fromEngineId: string, toEngineId: string, reason: string): void;
}

export interface SourceControllerOwner extends TrialOwner, MovesOwner {
  readonly report: MoveReport & FailoverReport;
  readonly holder: SlotHolder;
  /** Another request needs the slot, and nobody watches the stream: it is to end. */
  reclaimed(): void;
  /** A channel's source was given up for the next one, which is about to be tried. */
  sourceChanged(fromId: string | null, reason: string): void;
}

/** Why a stream reads anew on its engine although nothing failed. */
const REPLACED = 'a newer engine session of the same content';

/**
 * Keeps one session supplied: gets an engine, starts the content on it, reads it, and decides what follows
 * when that ends. One task, owned by the session, which awaits it and aborts it; every engine session that
 * it opens is stopped and every slot it takes is given back on every way out.
 */
export class SourceController {
  readonly acquirer: EngineAcquirer;
  readonly moves: PlannedMoves;
  private readonly log = new AttemptLog();
  private readonly budget: StartBudget;
  private readonly doubt: ContentDoubt;
  private readonly trials: SourceAttempts;
  private readonly reading: SourceReading;
  private readonly pendingReleases = new PendingReleases();
  private engineSource: EngineSource | null = null;

  constructor(
    private readonly owner: SourceControllerOwner,
    private readonly services: SessionServices,
    private readonly signal: AbortSignal,
  ) {
    const isRunning = (): boolean => owner.isRunning();
    this.budget = new StartBudget(services.config, isRunning);
    this.doubt = new ContentDoubt(this.budget, isRunning);
    this.reading = new SourceReading(owner.ingest, services.config, isRunning, (engineId, loss) => {
      const { engineId: fromId = engineId, reason = REPLACED } = loss ?? {};
      owner.report.failedOver(fromId, engineId, reason);
    });
    this.acquirer = new EngineAcquirer(
      {
        holder: owner.holder,
        isRunning,
        startDeadlineMs: () => this.budget.deadlineMs,
        lastReason: () => this.log.lastOutcome,
        contentFault: () => this.doubt.error,
      },
      services,
      signal,
    );
    const { acquirer, budget, reading, log, pendingReleases, doubt } = this;
    this.trials = new SourceAttempts(
      owner,
      { services, acquirer, budget, reading, log, doubt },
      signal,
    );
    const { trials } = this;
    this.moves = new PlannedMoves(
      owner,
      { services, pendingReleases, log, acquirer, trials, reading },
      signal,
    );
  }

  get attempts(): readonly Attempt[] {
    return this.log.entries;
  }

  get current(): CurrentEngine | null {
    return this.engineSource?.current ?? null;
  }

  get reader(): UpstreamReader | null {
    return this.reading.reader;
  }

  /** Whether the engine that is being read, or was read last, answers a probe within `withinMs`. */
  async engineAnswers(withinMs: number): Promise<boolean> {
    const { engineId } = this.reading;
    return engineId !== null && this.services.engineHealth.answersNow(engineId, withinMs);
  }

  /** Times that a running stream was given a new source. */
  get failovers(): number {
    return this.reading.failovers;
  }

  /**
   * Runs until aborted (returns), merged into another session (returns) or beyond hope (throws the
   * AppError that viewers are to get, without waiting for any engine). Then `settled` is to be awaited.
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

  /** Resolves when every engine session is stopped and every slot is free; bounded by the stops' own bound. */
  async settled(): Promise<void> {
    await this.pendingReleases.settled();
  }

  /**
   * Takes over an engine session that another stream opened for the same content on the same engine. The engine
   * serves only the newer session, so a reader that ends is reopened there. False when this stream has nothing on
   * that engine.
   */
  adopt(engineSession: EngineSession, { engine }: SlotLease): boolean {
    if (this.moves.preparing?.engineId === engine.id) {
      this.moves.preparing.use(engineSession);
      return true;
    }
    if (this.engineSource?.engineId !== engine.id) return false;
    this.trials.adopt(engineSession);
    this.engineSource.use(engineSession);
    return true;
  }

  private async supply(): Promise<void> {
    let kept: EngineSource | null = null;
    let prepared: PreparedSource | null = null;
    for (;;) {
      // What was handed over is ours to end.
      if (prepared === null) this.signal.throwIfAborted();
      const engineSource: EngineSource =
        prepared?.engineSource ?? kept ?? (await this.acquireSource());
      this.engineSource = engineSource;
      this.budget.begin(this.owner.rotation.left);
      if (prepared !== null) this.acquirer.hold(prepared.lease);
      this.moves.follow(engineSource);
      const isRetryHere: boolean = kept !== null && this.owner.rotation.hasFailed;
      const outcome = await this.trials.run(engineSource, isRetryHere, prepared);
      this.noteLoss(engineSource, outcome);
      if (outcome.next === 'merged') return;
      if (outcome.next === 'preempted' && this.endsWhenPreempted(outcome.reason)) return;
      if (outcome.next === 'give_up') {
        kept = await this.fallThrough(outcome, engineSource);
      } else {
        kept = (await this.prepareNext(outcome, engineSource, isRetryHere)) ? engineSource : null;
      }
      prepared = kept === null ? await this.moves.handOver() : null;
    }
  }

  /**
   * True when the stream ends. A stream that somebody has begun to watch since its slot was preempted goes on elsewhere.
   *
   * @throws AppError `no_capacity` for a start that viewers wait for
   */
  private endsWhenPreempted(reason: string): boolean {
    if (!this.owner.holder.isWatched) {
      this.owner.reclaimed();
      return true;
    }
    if (!this.owner.isRunning()) throw new AppError('no_capacity', reason);
    return false;
  }

  private noteLoss({ lease, engineId }: EngineSource, outcome: Outcome): void {
    if (outcome.next === 'superseded' || !this.owner.isRunning()) return;
    if (this.reading.loss === null) {
      this.reading.loss = new SourceLoss(lease.engine, outcome.reason);
      this.acquirer.lossBegins();
      this.owner.rotation.lossBegins();
    }
    this.reading.loss.note(engineId, outcome);
  }

  private async acquireSource(): Promise<EngineSource> {
    for (;;) {
      const lease = await this.nextLease();
      if (lease !== null) return new EngineSource(lease, this.services.ace, this.pendingReleases);
    }
  }

  /** Null when a channel's source was given up meanwhile: no engine is left that it could be had from. */
  private async nextLease(): Promise<SlotLease | null> {
    const { rotation } = this.owner;
    if (this.owner.isRunning() && rotation.hasFailed && rotation.hasOthers) {
      const other = await this.acquirer.acquireOther();
      if (other === null) await this.nextSource('no other engine is free', null);
      return other;
    }
    try {
      return await this.acquirer.acquire();
    } catch (error) {
      this.signal.throwIfAborted();
      if (!speaksAgainstSource(error, this.owner.isRunning())) throw error;
      await this.nextSource(error.detail, error);
      return null;
    }
  }

  /**
   * A channel goes on with its next source: on this engine, or, when it was silent, on one that is free.
   *
   * @throws what viewers are told, when there is no other source
   */
  private async fallThrough(
    { reason, error }: Extract<Outcome, { next: 'give_up' }>,
    engineSource: EngineSource,
  ): Promise<EngineSource | null> {
    const isOfSource: boolean = speaksAgainstSource(error, this.owner.isRunning());
    if (!isOfSource) throw error;
    await this.nextSource(reason, error);
    if (error.code === 'start_timeout') {
      this.acquirer.exclude(engineSource.engineId, true);
      const other = await this.acquirer.acquireOther();
      if (other !== null) {
        this.leave();
        // Ours from here on: the session may end before anything is tried there.
        this.engineSource = new EngineSource(other, this.services.ace, this.pendingReleases);
        return this.engineSource;
      }
    }
    if (await this.isStoppedSoon(engineSource)) {
      await this.acquirer.retryHere();
      return engineSource;
    }
    this.acquirer.exclude(engineSource.engineId, true);
    this.leave();
    return null;
  }

  /** @throws what viewers are told, when there is no other source or no time for it */
  private async nextSource(reason: string, error: AppError | null): Promise<void> {
    const { rotation } = this.owner;
    const fromId = rotation.source?.id ?? null;
    this.moves.cancel('The stream goes on with another source.');
    const rounds = rotation.next(this.owner.isRunning(), reason, error);
    const last = error ?? new AppError('engine_failed', `No source delivers media: ${reason}.`);
    if (rounds === null || !this.budget.nextSource(rotation.left)) throw rotation.failure(last);
    this.doubt.clear();
    this.acquirer.startOver(rounds);
    this.owner.sourceChanged(fromId, reason);
    if (rounds > 0) await this.acquirer.backOff();
  }

  /**
   * Cleans up after a try. True to go on where the stream is: after an end or a reset the same engine is tried
   * once more, at once; everything else is for the acquirer to decide.
   */
  private async prepareNext(
    outcome: Extract<
      Outcome,
      { next: 'same_engine' | 'other_engine' | 'moved' | 'preempted' | 'superseded' }
    >,
    engineSource: EngineSource,
    wasRetryHere: boolean,
  ): Promise<boolean> {
    if (outcome.next === 'superseded') {
      this.acquirer.recovered();
      this.leave();
      return false;
    }
    if (this.reading.takeRecovered()) {
      this.acquirer.recovered();
      this.owner.rotation.recovered();
    }
    if (outcome.next === 'moved' || outcome.next === 'preempted') {
      // Nothing failed on this content, and whoever took the engine away sees to it that it is not chosen.
      this.leave();
      return false;
    }
    if (this.reading.loss?.isEngineGone === true) {
      // The death of an engine is no fault of the content, nor is the attempt that found the engine dead.
      this.acquirer.excuseLoss();
      this.owner.rotation.excuseLoss();
    } else {
      this.acquirer.failed();
      this.owner.rotation.tryFailed();
    }
    if (
      this.owner.isRunning() &&
      !this.moves.isPreparing &&
      this.owner.rotation.isSpent(wasRetryHere)
    ) {
      if (this.owner.rotation.hasOthers) await this.nextSource(outcome.reason, null);
    }
    const isPassing = outcome.next === 'same_engine';
    const staysHere =
      isPassing && !this.moves.isPreparing && !(wasRetryHere && this.acquirer.failuresInARow > 1);
    // No engine is at work for a move yet. If one were from now on, two sources would feed the stream.
    if (staysHere) this.moves.cancel('The stream lost its source meanwhile.');
    // The old engine session has to be gone before the new one starts: a stop that comes later would freeze
    // the new reader of the same content.
    if (staysHere && (await this.isStoppedSoon(engineSource))) {
      await this.acquirer.retryHere();
      return true;
    }
    if (outcome.next === 'other_engine' && outcome.complaint !== null) {
      this.services.engineHealth.complain(engineSource.engineId, outcome.complaint);
    }
    this.acquirer.exclude(engineSource.engineId, isPassing);
    this.leave();
    return false;
  }

  /** The old engine session has to be gone within this, or its engine is not tried again at once. */
  private isStoppedSoon(engineSource: EngineSource): Promise<boolean> {
    return settlesWithin(engineSource.stop(), this.services.config.proxySameEngineTimeoutMs);
  }

  private leave(): void {
    this.engineSource?.leave();
    this.engineSource = null;
  }
}
