import { EngineFault, type EngineSession } from '../../../ace';
import type { SlotLease } from '../../../engines';
import { AppError } from '../../../kernel/errors';
import type { StreamIngest, UpstreamReader } from '../../upstream';
import type { AttemptLog } from './attempt-log';
import type { ContentDoubt } from './content-doubt';
import type { EngineAcquirer } from './engine-acquirer';
import { shakeHands, type Handshake } from './engine-handshake';
import type { EngineStay } from './engine-stay';
import { openMedia } from './media-opening';
import type { PreparedSource } from '../moves/move-preparation';
import type { SessionServices } from '../session-services';
import type { Attempt } from '../../streams';
import type { SourceReading } from './source-reading';
import type { SourceRota } from './source-rota';
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
const RELIEVED = new Error('moved by plan');

/**
 * Who plays what an engine has just opened. `merged`, `same_engine`: another stream does already, there on the same engine;
 * `handed_over`: slot and engine session belong to another stream from now on.
 */
export type Claim = 'own' | 'same_engine' | 'merged' | 'handed_over';

export interface TrialOwner {
  /** What engines are asked for. */
  readonly rota: SourceRota;
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
export class EngineTrials {
  private relief = new AbortController();
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
  relieve(): void {
    this.using.reading.reader?.relieve();
    this.relief.abort(RELIEVED);
  }

  /**
   * Starts the content on the engine and reads it until that ends.
   *
   * @param prepared it is started there already, and read
   * @throws the reason of an abort by the session; what went wrong inside the proxy
   */
  async run(
    stay: EngineStay,
    isRetryHere: boolean,
    prepared: PreparedSource | null = null,
  ): Promise<Outcome> {
    const { revoked } = stay.lease;
    const { rota } = this.owner;
    const { attempt, end } =
      prepared?.entry ?? this.using.log.begin(stay.engineId, rota.source?.id ?? null);
    // What was prepared beside the old source says nothing about how long a start takes.
    if (prepared === null) rota.trying();
    this.relief = new AbortController();
    try {
      const signal = AbortSignal.any([this.signal, revoked, this.relief.signal]);
      const outcome =
        prepared === null
          ? await this.tryEngine(stay, isRetryHere, attempt, signal)
          : await this.goOn(prepared, attempt, signal);
      attempt.outcome = outcome.reason;
      return this.using.doubt.weigh(outcome);
    } catch (error) {
      if (error === RELIEVED && !this.signal.aborted) {
        attempt.outcome = RELIEVED.message;
        return { next: 'relieved', reason: attempt.outcome };
      }
      if (!this.signal.aborted && revoked.aborted && error === revoked.reason) {
        const { message } = stay.lease.revocationReason ?? (error as Error);
        const isPreempted = stay.lease.isPreempted;
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
    { stay, engineSession, reader }: PreparedSource,
    attempt: Attempt,
    signal: AbortSignal,
  ): Promise<Outcome> {
    this.adopted = null;
    this.owner.engineAnswered(engineSession, stay.lease);
    return this.readMedia(stay, engineSession, attempt, signal, reader);
  }

  private async tryEngine(
    stay: EngineStay,
    isRetryHere: boolean,
    attempt: Attempt,
    signal: AbortSignal,
  ): Promise<Outcome> {
    let handshake: Handshake;
    try {
      handshake = await shakeHands(this.using.services.ace, stay.lease.engine.endpoint, {
        selector: this.owner.rota.request,
        timeoutMs: this.using.budget.answerMs(isRetryHere, this.using.acquirer.failuresInARow),
        // A content that is playing is known; a second try would only cost its viewers time.
        mayTryOtherForm: !this.owner.isRunning(),
        onLate: (settled) => this.using.acquirer.occupiedUntil(settled),
        signal,
      });
    } catch (error) {
      signal.throwIfAborted();
      return this.outcomeOfRefusal(error, stay);
    }
    const { engineSession } = handshake;
    this.owner.rota.engineKnows(handshake.selector);
    stay.use(engineSession);
    this.adopted = null;
    const claim = this.owner.engineAnswered(engineSession, stay.lease);
    if (engineSession.isLive === 0) {
      if (claim === 'handed_over') stay.giveAway();
      const cause = new EngineFault('unsupported', 'not_live', 'recorded content');
      return giveUp(cause.reason, unsupported('The content is not live.', cause));
    }
    if (claim !== 'own') {
      // On the engine that already plays it, a stop would freeze the reader of the older session.
      if (claim === 'same_engine') stay.handOver();
      if (this.owner.isRunning()) return playedElsewhere();
      return { next: 'merged', reason: 'content is already played by another session' };
    }
    return this.readMedia(stay, engineSession, attempt, signal);
  }

  private outcomeOfRefusal(error: unknown, stay: EngineStay): Outcome {
    if (!(error instanceof EngineFault)) throw error;
    const reason = `${error.reason}: ${error.detail}`;
    if (error.kind === 'content' && (!this.owner.isRunning() || this.owner.rota.hasOthers)) {
      // An engine that is cut off from its network knows nothing about any content.
      if (!this.using.services.engines.isNetworkConnected(stay.engineId)) {
        return { next: 'other_engine', reason, complaint: 'bad_answer' };
      }
      const detail = `The engine does not know this content (${error.detail}).`;
      return giveUp(reason, new AppError('content_not_found', detail));
    }
    if (this.using.budget.isOverdue) return startTimeout(reason);
    return outcomeOfFault(error);
  }

  private async readMedia(
    stay: EngineStay,
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
        const { response, failure } = await openMedia(ace, stay.lease, engineSession, config, {
          deadlineMs,
          signal,
          isRunning: () => this.owner.isRunning(),
          isOverdue: () => this.using.budget.isOverdue,
        });
        if (failure !== null) return failure;
        if (this.owner.isRunning()) stay.lease.confirm();
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
