import type { IncomingMessage } from 'node:http';
import { EngineFault, type EngineSession, type FilePart } from '../../ace';
import type { SlotHolder, SlotLease, SlotRequest } from '../../engines';
import { monotonicMs, wallClockIso } from '../../kernel/clock';
import { AppError } from '../../kernel/errors';
import { retryDelayMs } from '../../kernel/retry-delay';
import { delay } from '../../kernel/wait';
import { complaintOf, startContent, type SessionServices, type SilentEngine } from '../live';
import type { Attempt } from '../streams';
import type { FileContent } from './file-contents';

/** The class of the slot that a playback needs, and what its request may wait for. */
export type SlotWanted = Required<Pick<SlotRequest, 'class' | 'waitFor'>>;

const MAX_ATTEMPTS_KEPT = 20;
/** The outcome of an attempt whose engine was withdrawn. */
const WITHDRAWN = 'engine_withdrawn';

/** The engines that failed for one request, at the start or while sending. The request does not ask them again. */
export class EngineFailures {
  readonly engines = new Set<string>();
  /** Description of the last failure. */
  last = 'no answer';

  add(engineId: string, reason: string): void {
    this.engines.add(engineId);
    this.last = reason;
  }

  toError(): AppError {
    return new AppError('engine_failed', `Every engine tried failed; the last with ${this.last}.`);
  }
}

/** Opens the engine session that one playback reads, opens another one after a failure, and closes it. */
export class FileSource implements SilentEngine {
  readonly attempts: Attempt[] = [];
  /** The engine in use, or the engine that is being asked. */
  engineId: string | null = null;
  lastEngineId: string | null = null;
  private currentLease: SlotLease | null = null;
  private currentSession: EngineSession | null = null;
  private readonly stops = new Set<Promise<void>>();
  private readonly closing = new AbortController();

  constructor(
    private readonly content: FileContent,
    private readonly holder: SlotHolder,
    private readonly services: SessionServices,
    /**
     * Engines that play this content in other playbacks. A second start on one of them would end its engine session.
     */
    private readonly busyEngines: () => ReadonlySet<string>,
    /** Called when the engine of the current session is withdrawn or its slot is preempted. */
    private readonly onRevoked: () => void,
  ) {}

  /** Null while no engine session is open. */
  get lease(): SlotLease | null {
    return this.currentLease;
  }

  get engineSession(): EngineSession | null {
    return this.currentSession;
  }

  /** Takes over the slot and the engine session of a broadcast start. */
  takeOver(lease: SlotLease, engineSession: EngineSession): void {
    lease.handOver(this.holder);
    this.addAttempt(lease.engineId, monotonicMs(), 'playing');
    this.use(lease, engineSession);
  }

  /** Continues with a newer engine session, because a second start of the content has ended the present one. */
  adopt(engineSession: EngineSession): void {
    this.currentSession = engineSession;
  }

  /**
   * Starts the content on an engine that does not play it yet. If the start fails, tries the next engine.
   *
   * @throws AppError `no_capacity` if every engine is full or plays the content already; `no_engine`;
   *   `content_not_found`; `engine_failed` if all remaining engines have failed; `start_timeout`; the signal's reason
   */
  async acquire(
    failures: EngineFailures,
    wanted: SlotWanted,
    caller: AbortSignal,
  ): Promise<SlotLease> {
    const signal = AbortSignal.any([caller, this.closing.signal]);
    let deadlineMs: number | null = null;
    for (;;) {
      const lease = await this.acquireSlot(failures, wanted, signal);
      deadlineMs ??= monotonicMs() + this.services.config.proxyInitTimeoutMs;
      // Another playback of the content may have acquired the same engine while this request waited.
      if (this.busyEngines().has(lease.engineId)) {
        lease.release();
        continue;
      }
      this.engineId = lease.engineId;
      const startedMs = monotonicMs();
      const outcome = await this.startOn(lease, deadlineMs, signal).catch((error: unknown) => {
        this.engineId = null;
        throw error;
      });
      if (typeof outcome !== 'string') {
        this.addAttempt(lease.engineId, startedMs, 'playing');
        this.use(lease, outcome);
        if (!this.closing.signal.aborted) return lease;
        this.drop();
        throw this.closing.signal.reason as Error;
      }
      this.engineId = null;
      this.addAttempt(lease.engineId, startedMs, outcome);
      failures.add(lease.engineId, outcome);
      if (monotonicMs() >= deadlineMs) {
        const detail = `No answer within the start budget; last: ${outcome}.`;
        throw new AppError('start_timeout', detail);
      }
    }
  }

  /**
   * Requests a part of the file and returns the response with its body unread. Repeats the request while the engine is
   * pre-buffering. An engine session must be open.
   *
   * @param deadlineMs monotonic time
   * @throws EngineFault, the signal's reason
   */
  async open(part: FilePart, deadlineMs: number, caller: AbortSignal): Promise<IncomingMessage> {
    const { ace, config } = this.services;
    const lease = this.currentLease;
    const path = this.currentSession?.playbackPath;
    if (lease === null || path === undefined) throw new Error('no engine session is open');
    const signal = AbortSignal.any([caller, lease.revoked]);
    for (let tries = 1; ; tries += 1) {
      const timeoutMs = Math.max(1, deadlineMs - monotonicMs());
      try {
        const { endpoint } = lease.engine;
        const playbackPath = this.currentSession?.playbackPath ?? path;
        const response = await ace.openFile(endpoint, playbackPath, part, { timeoutMs, signal });
        lease.confirm();
        return response;
      } catch (error) {
        if (!(error instanceof EngineFault) || error.kind !== 'warming') throw error;
        const waitMs = retryDelayMs(tries + 1, config.proxyRetryBaseMs, config.proxyRetryMaxMs);
        if (monotonicMs() + waitMs >= deadlineMs) throw error;
        await delay(waitMs, signal);
      }
    }
  }

  /** Stops the engine session, then releases the slot. */
  drop(): void {
    const [lease, engineSession] = [this.currentLease, this.currentSession];
    this.engineId = null;
    this.currentLease = null;
    this.currentSession = null;
    if (lease === null || engineSession === null) return;
    lease.beginRelease();
    const stop: Promise<void> = this.services.ace
      .stop(lease.engine.endpoint, engineSession)
      .finally(() => {
        lease.release();
        this.stops.delete(stop);
      });
    this.stops.add(stop);
  }

  /**
   * Resolves when all engine sessions that were dropped are stopped. Before that, a start of the same content on such
   * an engine would fail.
   */
  async stopped(): Promise<void> {
    while (this.stops.size > 0) await Promise.allSettled(this.stops);
  }

  /** Stops the engine session and acquires no slot from now on. */
  close(): void {
    this.closing.abort(new Error('the playback is over'));
    this.drop();
  }

  /**
   * Describes a failure, and complains about the engine if it is to blame. Throws errors that are not the engine's
   * fault.
   */
  blame(error: unknown, lease: SlotLease): string {
    if (error instanceof EngineFault) {
      const complaint = complaintOf(error);
      if (complaint !== null) this.services.engineHealth.complain(lease.engineId, complaint);
      return `${error.reason}: ${error.detail}`;
    }
    if (lease.isRevoked) return WITHDRAWN;
    throw error;
  }

  complainOfSilence(): void {
    if (this.currentLease === null) return;
    this.services.engineHealth.complain(this.currentLease.engineId, 'silence');
  }

  async engineAnswers(withinMs: number): Promise<boolean> {
    const lease = this.currentLease;
    return lease !== null && this.services.engineHealth.answersNow(lease.engineId, withinMs);
  }

  private async acquireSlot(
    failures: EngineFailures,
    wanted: SlotWanted,
    signal: AbortSignal,
  ): Promise<SlotLease> {
    const { holder } = this;
    const excluded = new Set([...this.busyEngines(), ...failures.engines]);
    try {
      return await this.services.scheduler.acquire({ holder, excluded, signal, ...wanted });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof AppError) || error.code !== 'engine_failed') throw error;
      // Every engine is excluded: some have failed, others play this content already.
      if (failures.engines.size > 0) throw failures.toError();
      const detail = 'Every healthy engine plays this content for another viewer.';
      throw new AppError('no_capacity', detail);
    }
  }

  /** Returns the engine session, or the description of the failure after releasing the slot. */
  private async startOn(
    lease: SlotLease,
    deadlineMs: number,
    signal: AbortSignal,
  ): Promise<EngineSession | string> {
    const { ace, engines } = this.services;
    try {
      const { engineSession } = await startContent(ace, lease.engine.endpoint, {
        selector: this.content.selector,
        timeoutMs: Math.max(1, deadlineMs - monotonicMs()),
        mayTryOtherForm: true,
        signal: AbortSignal.any([signal, lease.revoked]),
        onLate: (settled) => lease.occupyUntil(settled),
      });
      lease.answered();
      return engineSession;
    } catch (error) {
      lease.release();
      signal.throwIfAborted();
      if (lease.isPreempted) throw preempted(lease);
      if (lease.isRevoked) return WITHDRAWN;
      const isContentFault = error instanceof EngineFault && error.kind === 'content';
      if (isContentFault && engines.isNetworkConnected(lease.engineId)) {
        const detail = `The engine does not know this content (${error.detail}).`;
        throw new AppError('content_not_found', detail);
      }
      return this.blame(error, lease);
    }
  }

  private use(lease: SlotLease, engineSession: EngineSession): void {
    this.currentLease = lease;
    this.currentSession = engineSession;
    this.engineId = lease.engineId;
    const onRevoked = (): void => {
      if (this.currentLease === lease) this.onRevoked();
    };
    lease.revoked.addEventListener('abort', onRevoked, { once: true });
  }

  private addAttempt(engineId: string, startedMs: number, outcome: string): void {
    const durationMs = Math.round(monotonicMs() - startedMs);
    this.attempts.push({ engineId, source: null, startedAt: wallClockIso(), durationMs, outcome });
    if (this.attempts.length > MAX_ATTEMPTS_KEPT) this.attempts.shift();
    this.lastEngineId = engineId;
  }
}

/** The error for a viewer whose start lost its slot to another request. */
export function preempted({ revocationReason }: SlotLease): AppError {
  return new AppError('no_capacity', revocationReason?.message ?? 'The slot was needed elsewhere.');
}
