import type { IncomingMessage } from 'node:http';
import { EngineFault, type EngineSession, type FilePart } from '../../ace';
import type { AppConfig } from '../../config';
import type { SlotHolder, SlotLease, SlotRequest } from '../../engines';
import { monotonicMs, wallClockIso } from '../../kernel/clock';
import { AppError } from '../../kernel/errors';
import { PendingWork } from '../../kernel/pending-work';
import { codeOfFault, complaintOf, type EngineSource, type EngineSources } from '../live';
import type { Attempt, AttemptOutcome } from '../streams';
import type { SilentEngine } from '../upstream';
import type { FileContent } from './file-contents';

/** The class of the slot that a playback needs, and what its request may wait for. */
export type SlotWanted = Required<Pick<SlotRequest, 'class' | 'waitFor'>>;

const MAX_ATTEMPTS_KEPT = 20;

/** Why an engine could not play the file. */
export interface EngineFailure {
  readonly code: AttemptOutcome;
  readonly detail: string;
}

const WITHDRAWN: EngineFailure = { code: 'engine_withdrawn', detail: 'the engine was withdrawn' };

/**
 * The engines that have failed for one request. They are not asked again, unless no other engine is left to continue a
 * file of which the viewer already has a part.
 */
export class EngineFailures {
  readonly engines = new Set<string>();
  /** Description of the last failure. */
  last = 'no answer';

  add(engineId: string, reason: string): void {
    this.engines.add(engineId);
    this.last = reason;
  }

  /** Returns the error for a request for which no engine is left. */
  toError(): AppError {
    return new AppError(
      'engine_failed',
      `Every engine that was tried has failed, the last one with ${this.last}.`,
    );
  }
}

/** The engine session of one playback. It can be replaced by another one, on another engine, after a failure. */
export class FileSource implements SilentEngine {
  readonly attempts: Attempt[] = [];
  /** The engine of the engine session, or the engine that is being asked to start one; else null. */
  engineId: string | null = null;
  /** The engine of the last attempt. */
  lastEngineId: string | null = null;
  private source: EngineSource | null = null;
  private readonly closes = new PendingWork();
  private readonly closing = new AbortController();

  constructor(
    private readonly content: FileContent,
    private readonly holder: SlotHolder,
    private readonly sources: EngineSources,
    private readonly config: Pick<AppConfig, 'proxyInitTimeoutMs'>,
    /** The engines that play this content in other playbacks. A second start there would end their engine session. */
    private readonly busyEngines: () => ReadonlySet<string>,
    /** Called when the engine in use is withdrawn or its slot is preempted. */
    private readonly onRevoked: () => void,
  ) {}

  /** The slot of the engine session; null while none is open. */
  get lease(): SlotLease | null {
    return this.source?.lease ?? null;
  }

  get engineSession(): EngineSession | null {
    return this.source?.opened ?? null;
  }

  /** Takes over the slot and the engine session from a broadcast start. */
  takeOver(lease: SlotLease, engineSession: EngineSession): void {
    lease.handOver(this.holder);
    this.addAttempt(lease.engineId, monotonicMs(), 'playing');
    this.use(this.sources.resume(lease, engineSession));
  }

  /** Continues with a newer engine session of the content, whose start has ended the present one. */
  adopt(engineSession: EngineSession): void {
    this.source?.replaceSession(engineSession);
  }

  /**
   * Starts the content on an engine that does not play it yet. If the start fails, tries the next engine. Adds the
   * engines that fail to `failures`.
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
      const source = await this.acquireSource(failures, wanted, signal);
      const { lease } = source;
      deadlineMs ??= monotonicMs() + this.config.proxyInitTimeoutMs;
      // Another playback of the content may have acquired the same engine while this request waited.
      if (this.busyEngines().has(lease.engineId)) {
        lease.release();
        continue;
      }
      this.engineId = lease.engineId;
      const startedMs = monotonicMs();
      const failure = await this.start(source, deadlineMs, signal).catch((error: unknown) => {
        this.engineId = null;
        throw error;
      });
      if (failure === null) {
        this.addAttempt(lease.engineId, startedMs, 'playing');
        this.use(source);
        if (!this.closing.signal.aborted) return lease;
        this.drop();
        throw this.closing.signal.reason as Error;
      }
      this.engineId = null;
      this.addAttempt(lease.engineId, startedMs, failure.code, failure.detail);
      failures.add(lease.engineId, failure.detail);
      if (monotonicMs() >= deadlineMs) {
        const detail = `No engine answered within the start budget. The last failure was: ${failure.detail}.`;
        throw new AppError('start_timeout', detail);
      }
    }
  }

  /**
   * Requests a part of the file. Resolves with the response before its body is read. Repeats the request while the
   * engine is pre-buffering. An engine session must be open.
   *
   * @param deadlineMs monotonic time
   * @throws EngineFault; the reason of `caller`, or of the slot's revocation
   */
  async open(part: FilePart, deadlineMs: number, caller: AbortSignal): Promise<IncomingMessage> {
    const { source } = this;
    if (source === null) throw new Error('no engine session is open');
    const signal = AbortSignal.any([caller, source.revoked]);
    const response = await source.file(part, deadlineMs, signal);
    source.confirm();
    return response;
  }

  /** Stops the engine session, then releases the slot. */
  drop(): void {
    const { source } = this;
    this.engineId = null;
    this.source = null;
    if (source !== null) this.closes.add(source.close());
  }

  /**
   * Resolves when all dropped engine sessions are stopped. Before that, a start of the same content on the same engine
   * would fail.
   */
  stopped(): Promise<void> {
    return this.closes.settled();
  }

  /** Stops the engine session, and makes `acquire` fail from now on. */
  close(): void {
    this.closing.abort(new Error('the playback is over'));
    this.drop();
  }

  /**
   * Describes a failure, and complains about the engine if it is to blame.
   *
   * @throws `error` if it is no fault of the engine
   */
  blame(error: unknown, lease: SlotLease): EngineFailure {
    if (error instanceof EngineFault) {
      const complaint = complaintOf(error);
      if (complaint !== null) this.sources.complain(lease.engineId, complaint);
      return { code: codeOfFault(error), detail: `${error.reason}: ${error.detail}` };
    }
    if (lease.isRevoked) return WITHDRAWN;
    throw error;
  }

  complainOfSilence(): void {
    if (this.lease !== null) this.sources.complain(this.lease.engineId, 'silence');
  }

  async engineAnswers(withinMs: number): Promise<boolean> {
    return this.lease !== null && this.sources.answers(this.lease.engineId, withinMs);
  }

  private async acquireSource(
    failures: EngineFailures,
    wanted: SlotWanted,
    signal: AbortSignal,
  ): Promise<EngineSource> {
    const { holder } = this;
    const excluded = new Set([...this.busyEngines(), ...failures.engines]);
    try {
      return await this.sources.acquire({ holder, excluded, signal, ...wanted });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof AppError) || error.code !== 'engine_failed') throw error;
      // Every engine is excluded, because it has failed or plays this content already.
      if (failures.engines.size > 0) throw failures.toError();
      const detail = 'Every healthy engine plays this content for another viewer.';
      throw new AppError('no_capacity', detail);
    }
  }

  /** Opens an engine session and returns null. If that fails, releases the slot and returns why. */
  private async start(
    source: EngineSource,
    deadlineMs: number,
    signal: AbortSignal,
  ): Promise<EngineFailure | null> {
    const { lease } = source;
    const { selector } = this.content;
    const answerMs = Math.max(1, deadlineMs - monotonicMs());
    try {
      await source.open(
        { selector, answerMs, mayTryOtherForm: true },
        AbortSignal.any([signal, source.revoked]),
      );
      return null;
    } catch (error) {
      lease.release();
      signal.throwIfAborted();
      if (lease.isPreempted) throw preempted(lease);
      if (lease.isRevoked) return WITHDRAWN;
      const isOfContent = error instanceof EngineFault && error.kind === 'content';
      if (isOfContent && this.sources.isNetworkConnected(lease.engineId)) {
        const detail = `The engine does not know this content (${error.detail}).`;
        throw new AppError('content_not_found', detail);
      }
      return this.blame(error, lease);
    }
  }

  /** Makes `source` the present one, and watches for the revocation of its slot. */
  private use(source: EngineSource): void {
    this.source = source;
    this.engineId = source.engine.id;
    const onRevoked = (): void => {
      if (this.source === source) this.onRevoked();
    };
    source.revoked.addEventListener('abort', onRevoked, { once: true });
  }

  private addAttempt(
    engineId: string,
    startedMs: number,
    outcome: AttemptOutcome,
    detail: string | null = null,
  ): void {
    this.attempts.push({
      engineId,
      source: null,
      startedAt: wallClockIso(),
      durationMs: Math.round(monotonicMs() - startedMs),
      outcome,
      detail,
    });
    if (this.attempts.length > MAX_ATTEMPTS_KEPT) this.attempts.shift();
    this.lastEngineId = engineId;
  }
}

/** Returns the error for a viewer whose start has lost its slot to another request. */
export function preempted({ revocationReason }: SlotLease): AppError {
  return new AppError(
    'no_capacity',
    revocationReason?.message ?? 'Another stream needed the slot.',
  );
}
