import { EngineFault, type EngineSession } from '../../../ace';
import type { SlotLease } from '../../../engines';
import { AppError } from '../../../kernel/errors';
import type { StreamIngest, UpstreamReader } from '../../upstream';
import type { AttemptLog } from './attempt-log';
import type { ContentDoubt } from './content-doubt';
import type { EngineAcquirer } from './engine-acquirer';
import { startContent, type Handshake } from './engine-start';
import type { EngineSource } from './engine-source';
import { openMedia } from './media-opening';
import type { PreparedSource } from '../moves/move-preparation';
import type { SessionServices } from '../session-services';
import type { Attempt } from '../../streams';
import type { SourceReading } from './source-reading';
import type { SourceRotation } from './source-rotation';
import type { StartBudget } from './start-budget';
import {
  giveUp,
  outcomeOfEnd,
  outcomeOfFault,
  startTimeout,
  unsupported,
  type Outcome,
} from './start-outcome';

/** How a try ends whose place another source has taken. */
const SUPERSEDED = new Error('moved by plan');

/**
 * Who plays what an engine has just opened. `merged`, `same_engine`: another stream does already, there on the same engine;
 * `handed_over`: slot and engine session belong to another stream from now on.
 */
export type Claim = 'own' | 'same_engine' | 'merged' | 'handed_over';

export interface TrialOwner {
  /** What engines are asked for. */
  readonly rotation: SourceRotation;
  readonly ingest: StreamIngest;
  /** Viewers have been let in: from here on an outage budget counts, not the start budget. */
  isRunning(): boolean;
  engineAnswered(engineSession: EngineSession, lease: SlotLease): Claim;
}

export interface TrialParts {
  readonly services: SessionServices;
  readonly acquirer: EngineAcquirer;
  readonly budget: StartBudget;
  readonly reading: SourceReading;
  readonly log: AttemptLog;
  readonly doubt: ContentDoubt;
}

/** A stream's tries on engines, one after the other: start the content, open its media, read them to their end. */
export class SourceAttempts {
  private supersession = new AbortController();
  private adopted: EngineSession | null = null;

  constructor(
    private readonly owner: TrialOwner,
    private readonly using: TrialParts,
    private readonly signal: AbortSignal,
  ) {}

  /** When the source under way ends, this newer engine session on the same engine is read. */
  adopt(engineSession: EngineSession): void {
    this.adopted = engineSession;
  }

  /** Another source goes on from here: the present try is over, whatever it was about to do. */
  supersede(): void {
    this.using.reading.reader?.supersede();
    this.supersession.abort(SUPERSEDED);
  }

  /**
   * Starts the content on the engine and reads it until that ends.
   *
   * @param prepared it is started there already, and read
   * @throws the reason of an abort by the session; what went wrong inside the proxy
   */
  async run(
    engineSource: EngineSource,
    isRetryHere: boolean,
    prepared: PreparedSource | null = null,
  ): Promise<Outcome> {
    const { revoked } = engineSource.lease;
    const { rotation } = this.owner;
    const { attempt, end } =
      prepared?.entry ?? this.using.log.begin(engineSource.engineId, rotation.source?.id ?? null);
    // What was prepared beside the old source says nothing about how long a start takes.
    if (prepared === null) rotation.trying();
    this.supersession = new AbortController();
    try {
      const signal = AbortSignal.any([this.signal, revoked, this.supersession.signal]);
      const outcome =
        prepared === null
          ? await this.tryEngine(engineSource, isRetryHere, attempt, signal)
          : await this.goOn(prepared, attempt, signal);
      attempt.outcome = outcome.reason;
      return this.using.doubt.weigh(outcome);
    } catch (error) {
      if (error === SUPERSEDED && !this.signal.aborted) {
        attempt.outcome = SUPERSEDED.message;
        return { next: 'superseded', reason: attempt.outcome };
      }
      if (!this.signal.aborted && revoked.aborted && error === revoked.reason) {
        const { message } = engineSource.lease.revocationReason ?? (error as Error);
        const isPreempted = engineSource.lease.isPreempted;
        attempt.outcome = isPreempted ? `preempted: ${message}` : `moved: ${message}`;
        return { next: isPreempted ? 'preempted' : 'moved', reason: attempt.outcome };
      }
      attempt.outcome = this.signal.aborted ? 'ended by us' : 'internal error';
      throw error;
    } finally {
      end();
    }
  }

  private goOn(
    { engineSource, engineSession, reader }: PreparedSource,
    attempt: Attempt,
    signal: AbortSignal,
  ): Promise<Outcome> {
    this.adopted = null;
    this.owner.engineAnswered(engineSession, engineSource.lease);
    return this.readMedia(engineSource, engineSession, attempt, signal, reader);
  }

  private async tryEngine(
    engineSource: EngineSource,
    isRetryHere: boolean,
    attempt: Attempt,
    signal: AbortSignal,
  ): Promise<Outcome> {
    let handshake: Handshake;
    try {
      handshake = await startContent(this.using.services.ace, engineSource.lease.engine.endpoint, {
        selector: this.owner.rotation.request,
        timeoutMs: this.using.budget.answerMs(isRetryHere, this.using.acquirer.failuresInARow),
        // A content that is playing is known; a second try would only cost its viewers time.
        mayTryOtherForm: !this.owner.isRunning(),
        onLate: (start) => this.using.acquirer.occupyUntil(start),
        signal,
      });
    } catch (error) {
      signal.throwIfAborted();
      return this.outcomeOfRefusal(error, engineSource);
    }
    const { engineSession } = handshake;
    this.owner.rotation.engineKnows(handshake.selector);
    engineSource.use(engineSession);
    this.adopted = null;
    const claim = this.owner.engineAnswered(engineSession, engineSource.lease);
    if (engineSession.isLive === 0) {
      if (claim === 'handed_over') engineSource.giveAway();
      const cause = new EngineFault('unsupported', 'not_live', 'recorded content');
      return giveUp(cause.reason, unsupported('The content is not live.', cause));
    }
    if (claim !== 'own') {
      // On the engine that already plays it, a stop would freeze the reader of the older session.
      if (claim === 'same_engine') engineSource.handOver();
      if (this.owner.isRunning()) return playedElsewhere();
      return { next: 'merged', reason: 'content is already played by another session' };
    }
    return this.readMedia(engineSource, engineSession, attempt, signal);
  }

  private outcomeOfRefusal(error: unknown, engineSource: EngineSource): Outcome {
    if (!(error instanceof EngineFault)) throw error;
    const reason = `${error.reason}: ${error.detail}`;
    if (error.kind === 'content' && (!this.owner.isRunning() || this.owner.rotation.hasOthers)) {
      // An engine that is cut off from its network knows nothing about any content.
      if (!this.using.services.engines.isNetworkConnected(engineSource.engineId)) {
        return { next: 'other_engine', reason, complaint: 'bad_answer' };
      }
      const detail = `The engine does not know this content (${error.detail}).`;
      return giveUp(reason, new AppError('content_not_found', detail));
    }
    if (this.using.budget.isOverdue) return startTimeout(reason);
    return outcomeOfFault(error);
  }

  private async readMedia(
    engineSource: EngineSource,
    first: EngineSession,
    attempt: Attempt,
    signal: AbortSignal,
    underWay: UpstreamReader | null = null,
  ): Promise<Outcome> {
    const { config, ace } = this.using.services;
    const { reading } = this.using;
    let engineSession = first;
    let opened = underWay === null ? null : reading.finish(underWay, attempt, signal);
    for (;;) {
      const deadlineMs = this.using.budget.mediaDeadlineMs();
      if (opened === null) {
        const { excess } = reading;
        if (excess !== null) return excess;
        const { response, failure } = await openMedia(
          ace,
          engineSource.lease,
          engineSession,
          config,
          {
            deadlineMs,
            signal,
            isRunning: () => this.owner.isRunning(),
            isOverdue: () => this.using.budget.isOverdue,
          },
        );
        if (failure !== null) return failure;
        if (this.owner.isRunning()) engineSource.lease.confirm();
        opened = reading.read(response, deadlineMs, attempt, signal);
      }
      const end = await opened;
      opened = null;
      const adopted = this.takeAdopted();
      if (adopted !== null && (end.why === 'end' || end.why === 'reset')) {
        engineSession = adopted;
        continue;
      }
      if (end.why === 'silence' && this.using.budget.isOverdue) {
        return startTimeout(end.flowed ? 'media that nobody can join' : end.why);
      }
      return outcomeOfEnd(end.why, end.flowed, this.owner.ingest.head);
    }
  }

  private takeAdopted(): EngineSession | null {
    const adopted = this.adopted;
    this.adopted = null;
    return adopted;
  }
}

/** Those who watch a channel can not be moved into another stream; they need another source. */
function playedElsewhere(): Outcome {
  const detail = 'The content is already played by another stream.';
  return giveUp('content is already played by another session', new AppError('conflict', detail));
}
