import type { WaitFor } from '../../../engines';
import type { AppError, ErrorCode } from '../../../kernel/errors';
import { monotonicMs } from '../../../kernel/clock';
import type { AppConfig } from '../../../config';
import type { Outcome } from './outcomes';

/** How one attempt opens its source. */
export interface OpeningPolicy {
  /** The engine may be asked for the same 40 digits as the other kind of id. */
  readonly mayTryOtherForm: boolean;
  /** "Unknown content" is the content's fault, although the stream has no other source. */
  readonly trustsUnknown: boolean;
  /** The start budget is spent. */
  readonly isOverdue: boolean;
  /** Monotonic time at which the start budget is spent; Infinity when none applies. */
  readonly deadlineMs: number;
  /** How long the engine may take to answer, in ms. */
  answerMs(isRetryHere: boolean, failuresInARow: number): number;
  /** Monotonic time by which the source must have shown media. */
  mediaDeadlineMs(): number;
}

/**
 * What bringing up the next source of a stream may take, and what its failure means. A stream that starts and a stream
 * that has viewers differ in this alone.
 */
export interface SourcePolicy extends OpeningPolicy {
  readonly slotClass: 'start' | 'failover';
  /** What a request waits for when the stream has another choice. */
  readonly waitForOther: WaitFor;
  /** Any engine is better than none: engines and sources are asked again until the outage budget is spent. */
  readonly isPersistent: boolean;
  /** The source replaces one that has failed: the change is counted and reported. */
  readonly replacesSource: boolean;
  /** When another stream plays the content, viewers are moved there. */
  readonly mayMerge: boolean;
  /** Errors that another source of the same channel may not have. */
  readonly sourceErrors: readonly ErrorCode[];
  /** What the attempts say against the content itself; null while they do not. */
  readonly contentFault: AppError | null;
  /** The first slot was granted; the content has this many sources. */
  begin(sources: number): void;
  /** Another source is tried, one of so many that are left. False when there is no time for it. */
  nextSource(sources: number): boolean;
  /** The outcome to act on after the attempt that ended with `outcome`. */
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

/** A running stream has lost its source. How long viewers wait in all is up to the outage budget (`MediaWatch`). */
export class FailoverPolicy implements SourcePolicy {
  readonly slotClass = 'failover';
  readonly waitForOther = 'answer';
  readonly isPersistent = true;
  readonly replacesSource = true;
  readonly mayMerge = false;
  /** A content that is playing is known; asking once more would only cost its viewers time. */
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
   * The first attempts are short, because viewers wait; when they fail, a slow engine that answers is better than a fast
   * one that does not.
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

/** A planned move: the present source still feeds the viewers, so there is as much time as for a start. */
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
