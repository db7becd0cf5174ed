import type { AppConfig } from '../../config';
import { monotonicMs } from '../../kernel/clock';

/** An engine's JSON answer may take long for an infohash it does not know (28 s seen). */
const ANSWER_MS = 30_000;
/** A running stream can not wait: the engine that just lost it must answer at once, another one soon. */
const SAME_ENGINE_ANSWER_MS = 1000;
const OTHER_ENGINE_ANSWER_MS = 5000;
/** Timers may fire this much before a deadline that was computed from another clock reading. */
const TIMER_SLACK_MS = 2;

/** How long engines may take: the start budget until viewers are let in, then what those who watch can bear. */
export class StartBudget {
  /** Monotonic time at which the start must have succeeded; null before the first engine was had. */
  deadlineMs: number | null = null;

  constructor(
    private readonly config: AppConfig,
    private readonly isRunning: () => boolean,
  ) {}

  /** The first engine was had: the time runs. */
  begin(): void {
    this.deadlineMs ??= monotonicMs() + this.config.proxyInitTimeoutMs;
  }

  /** A start ran out of time. */
  get isOverdue(): boolean {
    return !this.isRunning() && this.leftMs <= TIMER_SLACK_MS;
  }

  /** Until when a source must have shown media: the start budget, or the silence that viewers bear. */
  mediaDeadlineMs(): number {
    if (this.isRunning()) return monotonicMs() + this.config.proxyStallTimeoutMs;
    return this.deadlineMs ?? monotonicMs();
  }

  /**
   * How long an engine may take to answer a start. Viewers of a running stream wait for it, so the first
   * tries are short; when they fail, a slow engine that would answer is better than a fast one that does not.
   */
  answerMs(isRetryHere: boolean, failuresInARow: number): number {
    if (!this.isRunning()) return Math.max(1, Math.min(ANSWER_MS, this.leftMs));
    if (isRetryHere) return SAME_ENGINE_ANSWER_MS;
    const growth = 2 ** Math.max(0, failuresInARow - 2);
    return Math.min(ANSWER_MS, OTHER_ENGINE_ANSWER_MS * growth);
  }

  private get leftMs(): number {
    return (this.deadlineMs ?? monotonicMs()) - monotonicMs();
  }
}

/** The old engine session has to be gone within this, or its engine is not tried again at once. */
export const SAME_ENGINE_STOP_MS = SAME_ENGINE_ANSWER_MS;
