import type { IncomingMessage } from 'node:http';
import { EngineFault, type EngineSession } from '../../ace';
import type { EngineLease } from '../../engines';
import { monotonicMs, wallClockIso } from '../../kernel/clock';
import type { ContentSelector } from '../../kernel/content-selector';
import { AppError } from '../../kernel/errors';
import { retryDelayMs } from '../../kernel/retry-delay';
import { UpstreamReader, type StreamIngest } from '../upstream';
import { delay, settlesWithin } from './retry-backoff';
import { EngineChoice } from './engine-choice';
import { shakeHands, type Handshake } from './engine-handshake';
import type { SessionServices } from './session-services';
import type { Attempt, CurrentEngine } from './session.types';
import {
  giveUp,
  outcomeOfEnd,
  outcomeOfFault,
  startTimeout,
  unsupported,
  type Outcome,
  type SourceFate,
} from './start-outcome';

export interface SupervisorOwner {
  readonly streamId: string;
  readonly selector: ContentSelector;
  readonly ingest: StreamIngest;
  /** Viewers have been let in: from here on an outage budget counts, not the start budget. */
  isRunning(): boolean;
  /** The engine has answered. `handed_over`: slot and engine session are somebody else's from now on. */
  engineAnswered(
    engineSession: EngineSession,
    lease: EngineLease,
  ): 'own' | 'same_engine' | 'merged' | 'handed_over';
}

interface SourceEnd {
  readonly why: SourceFate;
  readonly flowed: boolean;
}

/** An engine's JSON answer may take long for an infohash it does not know (28 s seen). */
const ANSWER_MS = 30_000;
/** A running stream can not wait: the engine that just lost it must answer at once, another one soon. */
const SAME_ENGINE_ANSWER_MS = 1000;
const OTHER_ENGINE_ANSWER_MS = 5000;
/** Timers may fire this much before a deadline that was computed from another clock reading. */
const TIMER_SLACK_MS = 2;
const MAX_ATTEMPTS_KEPT = 20;

/**
 * Keeps one session supplied: gets an engine, starts the content on it, reads it, and decides what follows
 * when that ends. One task, owned by the session, which awaits it and aborts it; every engine session that
 * it opens is stopped and every slot it takes is given back on every way out.
 */
export class UpstreamSupervisor {
  readonly attempts: Attempt[] = [];
  current: CurrentEngine | null = null;
  reader: UpstreamReader | null = null;
  /** Times that a running stream was given a new source. */
  failovers = 0;
  readonly choice: EngineChoice;
  /** Under way: stops of engine sessions, and slots to be given back after them. */
  private readonly stops = new Set<Promise<void>>();
  /** Engine sessions of the present engine that a newer one of the same content has replaced. */
  private superseded: EngineSession[] = [];
  /** The form of id that an engine knew; the caller's own until one has answered. */
  private selector: ContentSelector;
  private startDeadlineMs: number | null = null;
  private adopted: EngineSession | null = null;
  private flowingSinceMs: number | null = null;

  constructor(
    private readonly owner: SupervisorOwner,
    private readonly services: SessionServices,
    private readonly signal: AbortSignal,
  ) {
    this.selector = owner.selector;
    this.choice = new EngineChoice(
      {
        streamId: owner.streamId,
        isRunning: () => owner.isRunning(),
        startDeadlineMs: () => this.startDeadlineMs,
        lastReason: () => this.attempts.at(-1)?.outcome ?? null,
      },
      services,
      signal,
    );
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
      this.release();
    }
  }

  /** Resolves when every engine session is stopped and every slot is free; bounded by the stops' own bound. */
  async settled(): Promise<void> {
    while (this.stops.size > 0) await Promise.all(this.stops);
  }

  /**
   * Another session of ours was told by the same engine that it has this content: the engine now serves
   * the newer engine session, so a reader that ends is reopened there (rule 4).
   */
  adopt(engineSession: EngineSession): void {
    this.adopted = engineSession;
    if (this.current !== null) this.use(this.current.lease, engineSession);
  }

  private async supply(): Promise<void> {
    let stay: EngineLease | null = null;
    for (;;) {
      this.signal.throwIfAborted();
      const lease: EngineLease = stay ?? (await this.choice.acquire());
      this.current ??= { lease, engineSession: null };
      this.startDeadlineMs ??= monotonicMs() + this.services.config.proxyInitTimeoutMs;
      const outcome = await this.attempt(lease, stay !== null);
      if (outcome.next === 'merged') return;
      if (outcome.next === 'give_up') throw outcome.error;
      stay = await this.prepareNext(outcome, lease, stay !== null);
    }
  }

  /**
   * Cleans up after a try. Returns the lease to go on with: after an end or a reset the same engine is tried
   * once more, at once; everything else is the choice's business.
   */
  private async prepareNext(
    outcome: Extract<Outcome, { next: 'same_engine' | 'other_engine' | 'moved' }>,
    lease: EngineLease,
    wasRetryHere: boolean,
  ): Promise<EngineLease | null> {
    if (this.hasFlowedStably()) this.choice.recovered();
    if (outcome.next === 'moved') {
      // Nothing failed on this content, and whoever took the engine away sees to it that it is not chosen.
      this.release();
      return null;
    }
    this.choice.failed();
    const isPassing = outcome.next === 'same_engine';
    const staysHere = isPassing && !(wasRetryHere && this.choice.failuresInARow > 1);
    // The old engine session has to be gone before the new one starts: a stop that comes later would freeze
    // the new reader of the same content.
    if (staysHere && (await settlesWithin(this.stopCurrent(), SAME_ENGINE_ANSWER_MS))) {
      await this.choice.stay();
      return lease;
    }
    if (outcome.next === 'other_engine' && outcome.complaint !== null) {
      this.services.engines.complain(lease.engine.id, outcome.complaint);
    }
    this.choice.exclude(lease.engine.id, isPassing);
    this.release();
    return null;
  }

  private async attempt(lease: EngineLease, isRetryHere: boolean): Promise<Outcome> {
    const startedMs = monotonicMs();
    const attempt: Attempt = {
      engineId: lease.engine.id,
      startedAt: wallClockIso(),
      durationMs: null,
      outcome: 'running',
    };
    this.attempts.push(attempt);
    if (this.attempts.length > MAX_ATTEMPTS_KEPT) this.attempts.shift();
    try {
      const signal = AbortSignal.any([this.signal, lease.revoked]);
      const outcome = await this.tryEngine(lease, isRetryHere, attempt, signal);
      attempt.outcome = outcome.reason;
      return outcome;
    } catch (error) {
      if (!this.signal.aborted && lease.revoked.aborted && error === lease.revoked.reason) {
        attempt.outcome = describeRevocation(lease);
        return { next: 'moved', reason: attempt.outcome };
      }
      attempt.outcome = this.signal.aborted ? 'ended by us' : 'internal error';
      throw error;
    } finally {
      attempt.durationMs = Math.round(monotonicMs() - startedMs);
    }
  }

  private async tryEngine(
    lease: EngineLease,
    isRetryHere: boolean,
    attempt: Attempt,
    signal: AbortSignal,
  ): Promise<Outcome> {
    let handshake: Handshake;
    try {
      handshake = await shakeHands(this.services.ace, lease.engine.endpoint, {
        selector: this.selector,
        timeoutMs: this.answerBudgetMs(isRetryHere),
        // A content that is playing is known; a second try would only cost its viewers time.
        mayTryOtherForm: !this.owner.isRunning(),
        onLate: (settled) => this.choice.occupiedUntil(settled),
        signal,
      });
    } catch (error) {
      signal.throwIfAborted();
      return this.outcomeOfRefusal(error, lease);
    }
    const { engineSession } = handshake;
    this.selector = handshake.selector;
    this.use(lease, engineSession);
    this.adopted = null;
    const claim = this.owner.engineAnswered(engineSession, lease);
    if (engineSession.isLive === 0) {
      if (claim === 'handed_over') this.current = null;
      return giveUp('not live', unsupported('The content is not live.'));
    }
    if (claim !== 'own') {
      // On the engine that already plays it, a stop would freeze the reader of the older session.
      if (claim === 'same_engine') this.current = { lease, engineSession: null };
      return { next: 'merged', reason: 'content is already played by another session' };
    }
    return this.readMedia(lease, engineSession, attempt, signal);
  }

  private outcomeOfRefusal(error: unknown, lease: EngineLease): Outcome {
    if (!(error instanceof EngineFault)) throw error;
    const reason = `${error.reason}: ${error.detail}`;
    if (error.kind === 'content' && !this.owner.isRunning()) {
      // An engine that is cut off from its network knows nothing about any content.
      if (!this.services.engines.isNetworkConnected(lease.engine.id)) {
        return { next: 'other_engine', reason, complaint: 'bad_answer' };
      }
      const detail = `The engine does not know this content (${error.detail}).`;
      return giveUp(reason, new AppError('content_not_found', detail));
    }
    if (this.isStartOverdue()) return startTimeout(reason);
    return outcomeOfFault(error);
  }

  private async readMedia(
    lease: EngineLease,
    first: EngineSession,
    attempt: Attempt,
    signal: AbortSignal,
  ): Promise<Outcome> {
    const { config, ace } = this.services;
    let engineSession = first;
    let warmingTries = 0;
    let deadlineMs = this.mediaDeadlineMs();
    for (;;) {
      let response: IncomingMessage;
      try {
        response = await ace.openMedia(lease.engine.endpoint, engineSession.playbackPath, {
          timeoutMs: Math.max(1, deadlineMs - monotonicMs()),
          signal,
        });
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof EngineFault)) throw error;
        if (this.isStartOverdue()) return startTimeout(`${error.reason}: ${error.detail}`);
        if (error.kind !== 'warming') return outcomeOfFault(error);
        // The engine is still looking for peers: the same session may work in a moment (§8.2).
        warmingTries++;
        const waitMs = retryDelayMs(
          warmingTries + 1,
          config.proxyRetryBaseMs,
          config.proxyRetryMaxMs,
        );
        if (monotonicMs() + waitMs >= deadlineMs) {
          if (this.owner.isRunning()) return outcomeOfFault(error);
          await delay(Math.max(0, deadlineMs - monotonicMs()), signal);
          return startTimeout(`${error.reason}: ${error.detail}`);
        }
        await delay(waitMs, signal);
        continue;
      }
      const end = await this.read(response, deadlineMs, attempt, signal);
      const adopted = this.takeAdopted();
      if (adopted !== null && (end.why === 'end' || end.why === 'reset')) {
        engineSession = adopted;
        deadlineMs = this.mediaDeadlineMs();
        continue;
      }
      if (end.why === 'silence' && this.isStartOverdue()) {
        return startTimeout(end.flowed ? 'media without PAT and PMT' : end.why);
      }
      return outcomeOfEnd(end.why, end.flowed, this.owner.ingest.head);
    }
  }

  private async read(
    response: IncomingMessage,
    deadlineMs: number,
    attempt: Attempt,
    signal: AbortSignal,
  ): Promise<SourceEnd> {
    attempt.outcome = 'playing';
    const reader = new UpstreamReader(
      response,
      this.owner.ingest,
      { silenceMs: this.services.config.proxyStallTimeoutMs, firstMediaDeadlineMs: deadlineMs },
      monotonicMs,
    );
    const onAbort = (): void => reader.abort();
    signal.addEventListener('abort', onAbort, { once: true });
    if (this.owner.isRunning()) this.failovers++;
    this.reader = reader;
    this.flowingSinceMs = monotonicMs();
    reader.start();
    const why = await reader.ended;
    signal.removeEventListener('abort', onAbort);
    this.reader = null;
    if (why === 'fault') throw reader.fault;
    if (why === 'aborted') {
      signal.throwIfAborted();
      return { why: 'reset', flowed: reader.isFlowing };
    }
    if (!reader.isFlowing) this.flowingSinceMs = null;
    return { why, flowed: reader.isFlowing };
  }

  /** Until when this source must have shown media: the start budget, or the silence that viewers bear. */
  private mediaDeadlineMs(): number {
    if (this.owner.isRunning()) return monotonicMs() + this.services.config.proxyStallTimeoutMs;
    return this.startDeadlineMs ?? monotonicMs();
  }

  /**
   * How long an engine may take to answer a start. Viewers of a running stream wait for it, so the first
   * tries are short; when they fail, a slow engine that would answer is better than a fast one that does not.
   */
  private answerBudgetMs(isRetryHere: boolean): number {
    if (!this.owner.isRunning()) return Math.max(1, Math.min(ANSWER_MS, this.startBudgetMs()));
    if (isRetryHere) return SAME_ENGINE_ANSWER_MS;
    const growth = 2 ** Math.max(0, this.choice.failuresInARow - 2);
    return Math.min(ANSWER_MS, OTHER_ENGINE_ANSWER_MS * growth);
  }

  private startBudgetMs(): number {
    return (this.startDeadlineMs ?? monotonicMs()) - monotonicMs();
  }

  private isStartOverdue(): boolean {
    return !this.owner.isRunning() && this.startBudgetMs() <= TIMER_SLACK_MS;
  }

  private hasFlowedStably(): boolean {
    const since = this.flowingSinceMs;
    this.flowingSinceMs = null;
    return since !== null && monotonicMs() - since >= this.services.config.proxyStableAfterMs;
  }

  private takeAdopted(): EngineSession | null {
    const adopted = this.adopted;
    this.adopted = null;
    return adopted;
  }

  /** From now on `engineSession` is the one to read and to stop; one that it replaces is stopped with it. */
  private use(lease: EngineLease, engineSession: EngineSession): void {
    const replaced = this.current?.engineSession;
    if (replaced != null && replaced !== engineSession) this.superseded.push(replaced);
    this.current = { lease, engineSession };
  }

  /** Stops the engine session under way, in the background; `stop` itself is bounded and never throws. */
  private stopCurrent(): Promise<void> {
    const current = this.current;
    if (current?.engineSession == null) return Promise.resolve();
    this.current = { lease: current.lease, engineSession: null };
    const sessions = [...this.superseded, current.engineSession];
    this.superseded = [];
    const { endpoint } = current.lease.engine;
    const stop = Promise.all(sessions.map((session) => this.services.ace.stop(endpoint, session)));
    return this.track(stop.then(() => undefined));
  }

  /** Leaves the engine: its session is stopped, then the slot is free. */
  private release(): void {
    const lease = this.current?.lease;
    void this.stopCurrent();
    this.current = null;
    if (lease !== undefined) void this.track(Promise.all(this.stops).then(() => lease.release()));
  }

  private track(work: Promise<void>): Promise<void> {
    const tracked: Promise<void> = work.finally(() => this.stops.delete(tracked));
    this.stops.add(tracked);
    return tracked;
  }
}

function describeRevocation({ revoked }: EngineLease): string {
  const { reason } = revoked as { reason: unknown };
  return `moved: ${reason instanceof Error ? reason.message : String(reason)}`;
}
