import type { WaitFor } from '../../../engines';
import type { AppError, ErrorCode } from '../../../kernel/errors';
import { monotonicMs } from '../../../kernel/clock';
import type { AppConfig } from '../../../config';
import type { Outcome } from './outcomes';

/** The rules for opening the source of one attempt. */
export interface OpeningPolicy {
  /** True if the same 40 digits may also be tried as the other kind of id. */
  readonly mayTryOtherForm: boolean;
  /** Believe 'unknown content' even without another source to try. */
  readonly trustsUnknown: boolean;
  /** True if the start budget is spent. */
  readonly isOverdue: boolean;
  /** Monotonic time at which the start budget is spent; Infinity if none applies. */
  readonly deadlineMs: number;
  /** Returns how long the engine may take to answer, in ms. */
  answerMs(isRetryHere: boolean, failuresInARow: number): number;
  /** Returns the monotonic time by which the source must have delivered media. */
  mediaDeadlineMs(): number;
}

/**
 * The limits for bringing up the next source of a stream, and the meaning of a failure. The start and the failover of a
 * stream differ only in this policy.
 */
export interface SourcePolicy extends OpeningPolicy {
  readonly slotClass: 'start' | 'failover';
  /** What a request waits for when the caller has an alternative (`acquireOther`). */
  readonly waitForOther: WaitFor;
  /** True if engines and sources are retried until the outage budget is spent. */
  readonly isPersistent: boolean;
  /** True if the source replaces one that has failed, so that the change is counted and reported. */
  readonly replacesSource: boolean;
  /** Error codes that justify a try of another source of the channel. */
  readonly sourceErrors: readonly ErrorCode[];
  /** The error if the attempts suggest that the content is at fault; else null. */
  readonly contentFault: AppError | null;
  /** Called for each acquired source; only the first call starts the budget. `sources`: number of sources to share it. */
  begin(sources: number): void;
  /** Starts the clock for the next source. `sources`: number of sources left. Returns false if no time is left. */
  nextSource(sources: number): boolean;
  /** Records the outcome and may replace it. Returns the outcome to act on. */
  weigh(outcome: Outcome): Outcome;
}

/** An engine may take long to answer for an infohash that it does not know (28 s were observed). */
export const LONGEST_ANSWER_MS = 30_000;
/** Viewers of a running stream cannot wait that long for another engine. */
const OTHER_ENGINE_ANSWER_MS = 5000;

export const SOURCE_ERRORS: readonly ErrorCode[] = [
  'content_not_found',
  'unsupported_content',
  'start_timeout',
  'conflict',
];

/** The policy of a running stream that has lost its source. The outage budget (`MediaWatch`) limits the whole wait. */
export class FailoverPolicy implements SourcePolicy {
  readonly slotClass = 'failover';
  readonly waitForOther = 'answer';
  readonly isPersistent = true;
  readonly replacesSource = true;
  /** The id of a playing content has been resolved, so the other form would only cost time while viewers wait. */
  readonly mayTryOtherForm = false;
  readonly trustsUnknown = false;
  readonly isOverdue = false;
  readonly deadlineMs = Infinity;
  readonly sourceErrors = SOURCE_ERRORS;
  readonly contentFault = null;

  constructor(
    private readonly config: Pick<AppConfig, 'proxyStallTimeoutMs' | 'proxySameEngineTimeoutMs'>,
  ) {}

  begin(): void {
    // No start budget applies.
  }

  nextSource(): boolean {
    return true;
  }

  /**
   * The first attempts get little time, because viewers are waiting. Later attempts get more, because a slow answer is
   * better than none.
   */
  answerMs(isRetryHere: boolean, failuresInARow: number): number {
    if (isRetryHere) return this.config.proxySameEngineTimeoutMs;
    const growth = 2 ** Math.max(0, failuresInARow - 2);
    return Math.min(LONGEST_ANSWER_MS, OTHER_ENGINE_ANSWER_MS * growth);
  }

  mediaDeadlineMs(): number {
    return monotonicMs() + this.config.proxyStallTimeoutMs;
  }

  weigh(outcome: Outcome): Outcome {
    return outcome;
  }
}

/** The policy of a planned move. It has as much time as a start, because the present source still feeds the viewers. */
export function createMovePolicy({
  proxyInitTimeoutMs,
}: Pick<AppConfig, 'proxyInitTimeoutMs'>): OpeningPolicy {
  const mediaDeadlineMs = monotonicMs() + proxyInitTimeoutMs;
  return {
    mayTryOtherForm: false,
    trustsUnknown: false,
    isOverdue: false,
    deadlineMs: Infinity,
    answerMs: () => Math.min(LONGEST_ANSWER_MS, proxyInitTimeoutMs),
    mediaDeadlineMs: () => mediaDeadlineMs,
  };
}
