import type { IncomingMessage } from 'node:http';
import { EngineFault } from '../../../ace';
import { monotonicMs } from '../../../kernel/clock';
import type { SourceSelector } from '../../../kernel/content-selector';
import { AppError } from '../../../kernel/errors';
import { delay } from '../../../kernel/wait';
import { describeError, giveUp, outcomeOfFault, startTimeout, type Outcome } from './outcomes';
import type { OpeningPolicy } from './source-policy';
import type { Source } from './source.port';

export interface BringUpOrder {
  readonly selector: SourceSelector;
  readonly policy: OpeningPolicy;
  /** The engine has just failed on this content and is asked once more. */
  readonly isRetryHere: boolean;
  readonly failuresInARow: number;
  /** Whether the content has other sources. */
  readonly hasOtherSources: boolean;
  /** False when the engine says that it has lost its network. */
  readonly isNetworkConnected: () => boolean;
  /** The engine has answered; `selector` is the form that it knew. An outcome ends the attempt before its media. */
  readonly answered: (selector: SourceSelector) => Outcome | null;
}

/** The media of an open source; their body has not been read. */
export interface OpenMedia {
  readonly media: IncomingMessage;
  /** Monotonic time by which the first media must arrive. */
  readonly deadlineMs: number;
  readonly failure: null;
}

/** The media of a source, or how the attempt ended without any. */
export type BroughtUp = OpenMedia | { readonly failure: Outcome };

/**
 * Brings up a source: starts the content and opens its media. This is how a stream starts, how it replaces a source that
 * has failed, and how a planned move prepares the next one; the policy has what differs.
 *
 * @throws the signal's reason
 */
export async function bringUp(
  source: Source,
  order: BringUpOrder,
  signal: AbortSignal,
): Promise<BroughtUp> {
  const { selector, policy } = order;
  const answerMs = policy.answerMs(order.isRetryHere, order.failuresInARow);
  const { mayTryOtherForm } = policy;
  let known: SourceSelector;
  try {
    known = await source.open({ selector, answerMs, mayTryOtherForm }, signal);
  } catch (error) {
    signal.throwIfAborted();
    return { failure: outcomeOfRefusal(error, order) };
  }
  const failure = order.answered(known);
  return failure === null ? openMedia(source, policy, signal) : { failure };
}

/** The second half of `bringUp`, also for a newer session of a source that is open. @throws as `bringUp` */
export async function openMedia(
  source: Source,
  policy: OpeningPolicy,
  signal: AbortSignal,
): Promise<BroughtUp> {
  const deadlineMs = policy.mediaDeadlineMs();
  try {
    return { media: await source.media(deadlineMs, signal), deadlineMs, failure: null };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof EngineFault)) throw error;
    const hasStartBudget = Number.isFinite(policy.deadlineMs);
    if (!policy.isOverdue && !(hasStartBudget && error.kind === 'warming')) {
      return { failure: outcomeOfFault(error) };
    }
    // A new session would look for the same peers, so the rest of the budget is waited for with this one.
    await delay(Math.max(0, policy.deadlineMs - monotonicMs()), signal);
    return { failure: startTimeout(describeError(error)) };
  }
}

/** @throws what is no fault of the engine */
function outcomeOfRefusal(
  error: unknown,
  { policy, hasOtherSources, isNetworkConnected }: BringUpOrder,
): Outcome {
  if (!(error instanceof EngineFault)) throw error;
  const detail = describeError(error);
  if (error.kind === 'content' && (policy.trustsUnknown || hasOtherSources)) {
    // An engine that is cut off from its network knows nothing about any content.
    if (!isNetworkConnected()) {
      return { next: 'other_engine', code: 'content_unknown', detail, complaint: 'bad_answer' };
    }
    const told = `The engine does not know this content (${error.detail}).`;
    return giveUp('content_unknown', new AppError('content_not_found', told), detail);
  }
  return policy.isOverdue ? startTimeout(detail) : outcomeOfFault(error);
}
