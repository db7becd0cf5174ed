import type { AppConfig } from '../../../config';
import { monotonicMs } from '../../../kernel/clock';

/** An engine's JSON answer may take long for an infohash it does not know (28 s seen). */
const ANSWER_MS = 30_000;
/** A running stream can not wait: the engine that just lost it must answer at once (a setting), another one soon. */
const OTHER_ENGINE_ANSWER_MS = 5000;
/** Timers may fire this much before a deadline that was computed from another clock reading. */
const TIMER_SLACK_MS = 2;
/** Less time than this, or half of what is left, is no fair try of a source. */
const LEAST_SHARE_MS = 10_000;

/** How long engines may take: the start budget until viewers are let in, then what those who watch can bear. */
export class StartBudget {
  /** Monotonic time at which the source must have started; null before the first engine was had. */
  deadlineMs: number | null = null;
  /** The same for the whole start, of which the sources of a channel have shares. */
  private endMs = Infinity;

  constructor(
    private readonly config: AppConfig,
    private readonly isRunning: () => boolean,
  ) {}

  /** The first engine was had: the time runs. `sources` have to do with it. */
  begin(sources: number): void {
    if (this.deadlineMs !== null) return;
    this.endMs = monotonicMs() + this.config.proxyInitTimeoutMs;
    this.nextSource(sources);
  }

  /** Another source begins, one of so many that are left. False when a start has no time left for it. */
  nextSource(sources: number): boolean {
    const nowMs = monotonicMs();
    const leftMs = this.endMs - nowMs;
    if (Number.isFinite(leftMs)) this.deadlineMs = nowMs + shareOf(leftMs, sources);
    return this.isRunning() || leftMs > TIMER_SLACK_MS;
  }

  /** What is left of a start is to take no longer than this. */
  hurry(ms: number): void {
    if (this.deadlineMs !== null) this.deadlineMs = Math.min(this.deadlineMs, monotonicMs() + ms);
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
    if (isRetryHere) return this.config.proxySameEngineTimeoutMs;
    const growth = 2 ** Math.max(0, failuresInARow - 2);
    return Math.min(ANSWER_MS, OTHER_ENGINE_ANSWER_MS * growth);
  }

  private get leftMs(): number {
    return (this.deadlineMs ?? monotonicMs()) - monotonicMs();
  }
}

/** The time that one of `sources` may take of what is left; the last one gets all. */
export function shareOf(leftMs: number, sources: number): number {
  return Math.max(leftMs / Math.max(1, sources), Math.min(LEAST_SHARE_MS, leftMs / 2));
}
