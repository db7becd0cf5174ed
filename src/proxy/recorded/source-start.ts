import { EngineFault, type EngineSession } from '../../ace';
import type { EngineComplaint, SlotHolder, SlotLease, SlotRequest } from '../../engines';
import { monotonicMs } from '../../kernel/clock';
import type { SourceSelector } from '../../kernel/content-selector';
import { AppError } from '../../kernel/errors';
import { complaintOf, startContent, type SessionServices } from '../live';
import type { EngineFailures } from './engine-failures';
import { RecordedSource } from './recorded-source';

/** The kind of slot that a playback needs. */
export type SlotWanted = Required<Pick<SlotRequest, 'class' | 'waitFor'>>;

export interface SourceRequest {
  readonly holder: SlotHolder;
  readonly selector: SourceSelector;
  /** Engines that play this content for somebody else: a second start there would take it from them. */
  readonly busy: () => ReadonlySet<string>;
  /** Makes an engine this stream's own in the sense of `busy`; false when somebody else was faster. */
  readonly claim: (engineId: string) => boolean;
  readonly unclaim: () => void;
  /** Of the request that needs it; grows by what fails now. */
  readonly failures: EngineFailures;
  readonly wanted: SlotWanted;
  /** ms from the moment an engine was had. */
  readonly startBudgetMs: number;
  readonly signal: AbortSignal;
  /** What became of one engine. */
  readonly tried: (engineId: string, startedMs: number, outcome: string) => void;
}

/**
 * Starts a recorded content on an engine that does not play it yet, one engine after the other.
 *
 * @throws AppError `no_capacity` when each engine plays it already or is full, `no_engine`, `content_not_found`,
 *   `engine_failed` when all that were left have failed, `start_timeout`; the signal's reason
 */
export async function startSource(
  request: SourceRequest,
  services: SessionServices,
): Promise<RecordedSource> {
  let deadlineMs: number | null = null;
  for (;;) {
    const lease = await acquire(request, services);
    deadlineMs ??= monotonicMs() + request.startBudgetMs;
    if (!request.claim(lease.engine.id)) {
      lease.release();
      continue;
    }
    const startedMs = monotonicMs();
    const outcome = await startOn(lease, deadlineMs, request, services).catch((error: unknown) => {
      request.unclaim();
      throw error;
    });
    if (typeof outcome !== 'string') {
      request.tried(lease.engine.id, startedMs, 'playing');
      return new RecordedSource(lease, outcome, services);
    }
    request.unclaim();
    request.tried(lease.engine.id, startedMs, outcome);
    request.failures.add(lease.engine.id, outcome);
    if (monotonicMs() >= deadlineMs) {
      throw new AppError('start_timeout', `No answer within the start budget; last: ${outcome}.`);
    }
  }
}

async function acquire(request: SourceRequest, services: SessionServices): Promise<SlotLease> {
  const { holder, failures, signal, wanted } = request;
  const excluded = new Set([...request.busy(), ...failures.engines]);
  try {
    return await services.scheduler.acquire({ holder, excluded, signal, ...wanted });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof AppError) || error.code !== 'engine_failed') throw error;
    // All that are left out: because they failed, or because each of them plays this content already.
    if (failures.engines.size > 0) throw failures.asError();
    const detail = 'Every engine that works plays this content for another viewer.';
    throw new AppError('no_capacity', detail);
  }
}

/** The source, or why there is none on this engine, whose slot is free again then. */
async function startOn(
  lease: SlotLease,
  deadlineMs: number,
  request: SourceRequest,
  { ace, engines, engineHealth }: SessionServices,
): Promise<EngineSession | string> {
  try {
    const { engineSession } = await startContent(ace, lease.engine.endpoint, {
      selector: request.selector,
      timeoutMs: Math.max(1, deadlineMs - monotonicMs()),
      mayTryOtherForm: true,
      signal: AbortSignal.any([request.signal, lease.revoked]),
      onLate: (settled) => lease.occupyUntil(settled),
    });
    lease.answered();
    return engineSession;
  } catch (error) {
    lease.release();
    request.signal.throwIfAborted();
    if (lease.isPreempted) {
      throw preempted(lease);
    }
    if (lease.isRevoked) return 'the engine was taken away';
    if (!(error instanceof EngineFault)) throw error;
    const reason = `${error.reason}: ${error.detail}`;
    if (error.kind === 'content' && engines.isNetworkConnected(lease.engine.id)) {
      const detail = `The engine does not know this content (${error.detail}).`;
      throw new AppError('content_not_found', detail);
    }
    const complaint: EngineComplaint | null = complaintOf(error);
    if (complaint !== null) engineHealth.complain(lease.engine.id, complaint);
    return reason;
  }
}

/** What the viewer of a start is told whose slot another request needs. */
export function preempted({ revocationReason }: SlotLease): AppError {
  return new AppError('no_capacity', revocationReason?.message ?? 'The slot was needed elsewhere.');
}
