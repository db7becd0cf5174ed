import type { AppConfig } from '../../../config';
import { monotonicMs } from '../../../kernel/clock';
import type { AppError, ErrorCode } from '../../../kernel/errors';
import { giveUp, type Outcome } from './outcomes';
import { LONGEST_ANSWER_MS, SOURCE_ERRORS, type SourcePolicy } from './source-policy';

/** Tolerance for timers that fire early. */
const TIMER_SLACK_MS = 2;
/** A source gets at least this much, or half of what is left if that is less. */
const LEAST_SHARE_MS = 10_000;
/** How long a second engine gets once the first one's media have proved unusable (which takes 4 s). */
const OTHER_ENGINE_MS = 9000;

/**
 * The policy of a stream that starts. The whole start must succeed within the start budget, which the sources of a channel
 * share. If the media look bad, one more engine is tried. If that engine fails too, viewers get the
 * error: all engines draw on the same swarm, so the content is probably at fault.
 */
export class StartPolicy implements SourcePolicy {
  readonly slotClass = 'start';
  /** A start that holds a slot must not wait for another one, because two such starts could wait for each other. */
  readonly waitForOther = 'nothing';
  readonly isPersistent = false;
  readonly replacesSource = false;
  readonly mayTryOtherForm = true;
  readonly trustsUnknown = true;
  /** A start adds `engine_failed`, which means that no engine delivered this source. */
  readonly sourceErrors: readonly ErrorCode[] = [...SOURCE_ERRORS, 'engine_failed'];
  deadlineMs = Infinity;
  /** Monotonic time at which the whole start budget is spent. */
  private endMs = Infinity;
  private doubt: AppError | null = null;

  constructor(private readonly config: Pick<AppConfig, 'proxyInitTimeoutMs'>) {}

  get contentFault(): AppError | null {
    return this.doubt;
  }

  get isOverdue(): boolean {
    return this.leftMs <= TIMER_SLACK_MS;
  }

  begin(sources: number): void {
    if (Number.isFinite(this.endMs)) return;
    this.endMs = monotonicMs() + this.config.proxyInitTimeoutMs;
    this.nextSource(sources);
  }

  nextSource(sources: number): boolean {
    this.doubt = null;
    const nowMs = monotonicMs();
    const leftMs = this.endMs - nowMs;
    if (Number.isFinite(leftMs)) this.deadlineMs = nowMs + shareOf(leftMs, sources);
    return leftMs > TIMER_SLACK_MS;
  }

  answerMs(): number {
    return Math.max(1, Math.min(LONGEST_ANSWER_MS, this.leftMs));
  }

  mediaDeadlineMs(): number {
    return this.deadlineMs;
  }

  weigh(outcome: Outcome): Outcome {
    const { doubt } = this;
    if (doubt !== null) return settles(outcome) ? giveUp(outcome.code, doubt) : outcome;
    if (outcome.next === 'other_engine' && outcome.doubt !== undefined) {
      this.doubt = outcome.doubt;
      this.deadlineMs = Math.min(this.deadlineMs, monotonicMs() + OTHER_ENGINE_MS);
    }
    return outcome;
  }

  private get leftMs(): number {
    return this.deadlineMs - monotonicMs();
  }
}

/** True if the outcome is the source's own, not an abort. */
function settles({ next }: Outcome): boolean {
  return next === 'same_engine' || next === 'other_engine' || next === 'give_up';
}

/** Returns the share of the remaining time that the next of `sources` sources gets. The last source gets all of it. */
export function shareOf(leftMs: number, sources: number): number {
  return Math.max(leftMs / Math.max(1, sources), Math.min(LEAST_SHARE_MS, leftMs / 2));
}
