import { EngineFault } from '../../ace';
import type { EngineComplaint, EngineLease } from '../../engines';
import { monotonicMs } from '../../kernel/clock';
import type { SourceSelector } from '../../kernel/content-selector';
import { AppError } from '../../kernel/errors';
import {
  complaintOf,
  shakeHands,
  TurnedLease,
  type SessionServices,
  type StartTurn,
} from '../session';
import type { EngineFailures } from './engine-failures';
import { RecordedSource } from './recorded-source';

export interface SourceRequest {
  readonly streamId: string;
  readonly selector: SourceSelector;
  /** Engines that play this content for somebody else: a second start there would take it from them. */
  readonly busy: () => ReadonlySet<string>;
  /** Makes an engine this stream's own in the sense of `busy`; false when somebody else was faster. */
  readonly claim: (engineId: string) => boolean;
  readonly unclaim: () => void;
  /** Of the request that needs it; grows by what fails now. */
  readonly failures: EngineFailures;
  readonly mayWait: boolean;
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
    if (outcome instanceof RecordedSource) {
      request.tried(outcome.engineId, startedMs, 'playing');
      return outcome;
    }
    request.unclaim();
    request.tried(lease.engine.id, startedMs, outcome);
    request.failures.add(lease.engine.id, outcome);
    if (monotonicMs() >= deadlineMs) {
      throw new AppError('start_timeout', `No answer within the start budget; last: ${outcome}.`);
    }
  }
}

async function acquire(request: SourceRequest, services: SessionServices): Promise<EngineLease> {
  const { streamId, failures, signal, mayWait } = request;
  const busy = request.busy();
  try {
    const excluded = new Set([...busy, ...failures.engines]);
    const isFirstStart = mayWait;
    return await services.engines.acquire({ streamId, excluded, signal, mayWait, isFirstStart });
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
  lease: EngineLease,
  deadlineMs: number,
  request: SourceRequest,
  services: SessionServices,
): Promise<RecordedSource | string> {
  const { ace, engines } = services;
  const turn = turnOn(lease, deadlineMs, request, services);
  const turned = new TurnedLease(lease, turn);
  try {
    await turn.begun;
    const { engineSession } = await shakeHands(ace, lease.engine.endpoint, {
      selector: request.selector,
      timeoutMs: Math.max(1, deadlineMs - monotonicMs()),
      mayTryOtherForm: true,
      signal: AbortSignal.any([request.signal, turned.revoked]),
      onLate: (settled) => turn.occupyUntil(settled),
    });
    return new RecordedSource(turned, engineSession, services, () => {
      turn.leave();
      turned.prove();
    });
  } catch (error) {
    turned.release();
    request.signal.throwIfAborted();
    // Whose place a running stream was given does not go for another one behind its back.
    if (turn.taken.aborted) throw turn.taken.reason as Error;
    if (lease.revoked.aborted) return 'the engine was taken away';
    if (!(error instanceof EngineFault)) throw error;
    const reason = `${error.reason}: ${error.detail}`;
    if (error.kind === 'content' && engines.isNetworkConnected(lease.engine.id)) {
      const detail = `The engine does not know this content (${error.detail}).`;
      throw new AppError('content_not_found', detail);
    }
    const complaint: EngineComplaint | null = complaintOf(error);
    if (complaint !== null) engines.complain(lease.engine.id, complaint);
    return reason;
  }
}

/** @throws AppError `no_capacity` when the line is full; the slot is free again then */
function turnOn(
  lease: EngineLease,
  deadlineMs: number,
  request: SourceRequest,
  { starts }: SessionServices,
): StartTurn {
  try {
    return starts.enter({
      engineId: lease.engine.id,
      isRestart: false,
      timeoutMs: Math.max(1, deadlineMs - monotonicMs()),
      signal: AbortSignal.any([request.signal, lease.revoked]),
    });
  } catch (error) {
    lease.release();
    throw error;
  }
}
