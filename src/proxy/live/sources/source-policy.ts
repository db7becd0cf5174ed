import type { WaitFor } from '../../../engines';
import type { AppError, ErrorCode } from '../../../kernel/errors';
import { monotonicMs } from '../../../kernel/clock';
import type { AppConfig } from '../../../config';
import type { Outcome } from './outcomes';

/** The rules by which one attempt opens its source. */
export interface OpeningPolicy {
  /** True if an id that the engine does not know may be requested again as the other kind: content id or infohash. */
  readonly mayTryOtherForm: boolean;
  /**
   * True if an engine's 'unknown content' is always believed; false if it is believed only when the channel has another
   * source to try.
   */
  readonly trustsUnknown: boolean;
  /** True if the time until `deadlineMs` is spent. */
  readonly isOverdue: boolean;
  /**
   * Monotonic time at which the present source's share of the start budget is spent; Infinity without a start budget.
   */
  readonly deadlineMs: number;
  /** Returns how long the engine may take to answer, in ms. */
  answerMs(isRetryHere: boolean, failuresInARow: number): number;
  /** Returns the monotonic time by which the source must have delivered media. */
  mediaDeadlineMs(): number;
}

/**
 * The limits for bringing up the next source of a stream, and what follows from a failure. Starts and failovers differ
 * only in their policy.
 */
export interface SourcePolicy extends OpeningPolicy {
  readonly slotClass: 'start' | 'failover';
  /** What a request for a slot waits for if the caller has an alternative (`EngineAcquirer.acquireOther`). */
  readonly waitForOther: WaitFor;
  /** True if engines, and the channel's sources, are retried until the outage budget is spent. */
  readonly isPersistent: boolean;
  /** True if the source replaces one that has failed, so that the change is counted and reported as a failover. */
  readonly replacesSource: boolean;
  /** Codes of the errors after which the channel's next source is tried. */
  readonly sourceErrors: readonly ErrorCode[];
  /** The error for viewers if the attempts suggest that the content is at fault; else null. */
  readonly contentFault: AppError | null;
  /**
   * Call for each acquired source. The first call starts the budget. `sources`: number of the channel's sources among
   * which the budget is divided.
   */
  begin(sources: number): void;
  /**
   * Assigns the next source its share of the remaining budget. `sources`: number of the channel's sources that have not
   * failed in this round, including this one. Returns false if no time is left.
   */
  nextSource(sources: number): boolean;
  /** Records the outcome of an attempt. Returns the outcome to act on, which may be another one. */
  weigh(outcome: Outcome): Outcome;
}

/** An engine may take long to answer a request for an infohash that it does not know; 28 s were observed. */
export const LONGEST_ANSWER_MS = 30_000;
/** For the first attempts of a failover, because viewers of a running stream cannot wait for LONGEST_ANSWER_MS. */
const OTHER_ENGINE_ANSWER_MS = 5000;

/** Codes of the errors that concern one content and not the whole channel. */
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
  /** An engine has already recognised the id, so requesting it as the other kind would only cost time. */
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
   * The first attempts get little time, because viewers are waiting. Later ones get more, because a slow answer is
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

/**
 * Returns the policy of a planned move. It gets as much time as a start, because the old source still feeds viewers.
 */
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
