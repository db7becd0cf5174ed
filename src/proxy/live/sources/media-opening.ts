import type { IncomingMessage } from 'node:http';
import { EngineFault, type AceEngineClient, type EngineSession } from '../../../ace';
import type { AppConfig } from '../../../config';
import type { SlotLease } from '../../../engines';
import { monotonicMs } from '../../../kernel/clock';
import { retryDelayMs } from '../../../kernel/retry-delay';
import { delay } from '../../../kernel/wait';
import { outcomeOfFault, startTimeout, type Outcome } from './start-outcome';

export interface OpeningFacts {
  /** Monotonic. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
  readonly isRunning: () => boolean;
  /** The start budget is spent. */
  readonly isOverdue: () => boolean;
}

export type Opening =
  | { readonly response: IncomingMessage; readonly failure: null }
  | { readonly response: null; readonly failure: Outcome };

/**
 * Opens the media of an engine session. Retries while the engine is still looking for peers, because the same
 * session may work a moment later.
 *
 * @throws the signal's reason
 */
export async function openMedia(
  ace: AceEngineClient,
  { engine }: SlotLease,
  { playbackPath }: EngineSession,
  { proxyRetryBaseMs, proxyRetryMaxMs }: AppConfig,
  { deadlineMs, signal, isRunning, isOverdue }: OpeningFacts,
): Promise<Opening> {
  for (let tries = 1; ; tries++) {
    try {
      const response = await ace.openMedia(engine.endpoint, playbackPath, {
        timeoutMs: Math.max(1, deadlineMs - monotonicMs()),
        signal,
      });
      return { response, failure: null };
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof EngineFault)) throw error;
      const reason = `${error.reason}: ${error.detail}`;
      if (isOverdue()) return { response: null, failure: startTimeout(reason) };
      if (error.kind !== 'warming') return { response: null, failure: outcomeOfFault(error) };
      const waitMs = retryDelayMs(tries + 1, proxyRetryBaseMs, proxyRetryMaxMs);
      if (monotonicMs() + waitMs >= deadlineMs) {
        if (isRunning()) return { response: null, failure: outcomeOfFault(error) };
        await delay(Math.max(0, deadlineMs - monotonicMs()), signal);
        return { response: null, failure: startTimeout(reason) };
      }
      await delay(waitMs, signal);
    }
  }
}
