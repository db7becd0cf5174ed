import { EngineFault } from '../../../ace';
import { monotonicMs } from '../../../kernel/clock';
import type { SourceSelector } from '../../../kernel/content-selector';
import { AppError } from '../../../kernel/errors';
import { delay } from '../../../kernel/wait';
import type { MediaBody } from '../../upstream';
import { describeError, giveUp, outcomeOfFault, startTimeout, type Outcome } from './outcomes';
import type { OpeningPolicy } from './source-policy';
import type { Source } from './source.port';

export interface BringUpOrder {
  readonly selector: SourceSelector;
  readonly policy: OpeningPolicy;
  /** True for a retry on the engine that has just failed on this content. */
  readonly isRetryHere: boolean;
  readonly failuresInARow: number;
  /** True if the channel has other sources that can be played. */
  readonly hasOtherSources: boolean;
  /** Returns false if the engine reports that it has lost its network. */
  readonly isNetworkConnected: () => boolean;
  /**
   * The engine has answered; `selector` is the form that it knew. Return an outcome to stop before the media are opened.
   */
  readonly answered: (selector: SourceSelector) => Outcome | null;
}

/** The media of an open source, of which nothing has been read. */
export interface OpenMedia {
  readonly media: MediaBody;
  /** Monotonic time by which the first media must arrive. */
  readonly deadlineMs: number;
  readonly failure: null;
}

/** The media of a source, or the outcome of an attempt that got none. */
export type BroughtUp = OpenMedia | { readonly failure: Outcome };

/**
 * Brings up a source: starts the content and opens its media. Starts, failovers and planned moves all use this function;
 * they differ only in the policy.
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

/** Opens the media of a started content. Also used for a newer session of an open source. @throws as `bringUp` */
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
    // A new session would look for the same peers, so keep this one for the rest of the budget.
    await delay(Math.max(0, policy.deadlineMs - monotonicMs()), signal);
    return { failure: startTimeout(describeError(error)) };
  }
}

/** Outcome of a start that failed. Rethrows errors that are no fault of the engine. */
function outcomeOfRefusal(
  error: unknown,
  { policy, hasOtherSources, isNetworkConnected }: BringUpOrder,
): Outcome {
  if (!(error instanceof EngineFault)) throw error;
  const detail = describeError(error);
  if (error.kind === 'content' && (policy.trustsUnknown || hasOtherSources)) {
    // Do not believe 'unknown content' from an engine without network, because it cannot look up any content.
    if (!isNetworkConnected()) {
      return { next: 'other_engine', code: 'content_unknown', detail, complaint: 'bad_answer' };
    }
    const told = `The engine does not know this content (${error.detail}).`;
    return giveUp('content_unknown', new AppError('content_not_found', told), detail);
  }
  return policy.isOverdue ? startTimeout(detail) : outcomeOfFault(error);
}
