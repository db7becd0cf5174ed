import { EngineFault } from '../../../ace';
import { monotonicMs } from '../../../kernel/clock';
import type { SourceSelector } from '../../../kernel/content-selector';
import { AppError } from '../../../kernel/errors';
import { delay } from '../../../kernel/wait';
import type { MediaBody } from '../../upstream';
import { describeError, giveUp, outcomeOfFault, startTimeout, type Outcome } from './outcomes';
import type { OpeningPolicy } from './source-policy';
import type { Source } from './source.port';

/** What to start, and under which conditions. */
export interface BringUpOrder {
  readonly selector: SourceSelector;
  readonly policy: OpeningPolicy;
  /** True for a retry on the engine that has just failed on this content. */
  readonly isRetryHere: boolean;
  readonly failuresInARow: number;
  /** True if the channel has another source that can be played. */
  readonly hasOtherSources: boolean;
  /** False if the engine reports that it has lost its network. */
  readonly isNetworkConnected: () => boolean;
  /**
   * Called when the engine has started the content, which it knew as `selector`. Returns null to open the media, or the
   * outcome with which to end the attempt before that.
   */
  readonly answered: (selector: SourceSelector) => Outcome | null;
}

/** The media of an open source. Nothing has been read from them yet. */
export interface OpenMedia {
  readonly media: MediaBody;
  /** Monotonic time by which the first media must arrive. */
  readonly deadlineMs: number;
  readonly failure: null;
}

/** The media of a source, or the outcome of an attempt that failed before it got any. */
export type BroughtUp = OpenMedia | { readonly failure: Outcome };

/**
 * Brings up a source: starts the content on the engine and opens its media. Starts, failovers and planned moves all use
 * this function, each with its own policy.
 *
 * @throws the signal's reason; an internal error
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

/** Opens the media of the newest engine session of `source`. @throws as `bringUp` */
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
    // A new engine session would look for the same peers, so keep this one until the start budget is spent.
    await delay(Math.max(0, policy.deadlineMs - monotonicMs()), signal);
    return { failure: startTimeout(describeError(error)) };
  }
}

/** Returns the outcome of a start that failed. Rethrows an error that is no `EngineFault`. */
function outcomeOfRefusal(
  error: unknown,
  { policy, hasOtherSources, isNetworkConnected }: BringUpOrder,
): Outcome {
  if (!(error instanceof EngineFault)) throw error;
  const detail = describeError(error);
  if (error.kind === 'content' && (policy.trustsUnknown || hasOtherSources)) {
    // An engine without network cannot look up any content, so do not believe its 'unknown content'.
    if (!isNetworkConnected()) {
      return { next: 'other_engine', code: 'content_unknown', detail, complaint: 'bad_answer' };
    }
    const told = `The engine does not know this content (${error.detail}).`;
    return giveUp('content_unknown', new AppError('content_not_found', told), detail);
  }
  return policy.isOverdue ? startTimeout(detail) : outcomeOfFault(error);
}
