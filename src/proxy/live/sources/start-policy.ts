import type { AppConfig } from '../../../config';
import { monotonicMs } from '../../../kernel/clock';
import type { AppError, ErrorCode } from '../../../kernel/errors';
import { giveUp, type Outcome } from './outcomes';
import { LONGEST_ANSWER_MS, SOURCE_ERRORS, type SourcePolicy } from './source-policy';

/** A timer may fire this much early. */
const TIMER_SLACK_MS = 2;
/** Each of the channel's sources gets at least this much, or half of the time left if that is less. */
const LEAST_SHARE_MS = 10_000;
/** Time for a second engine after the media of the first one have proved unusable, which takes 4 s. */
const OTHER_ENGINE_MS = 9000;

/**
 * The policy of a stream that starts. The start must succeed within the start budget, which the channel's sources
 * share. If the media of an engine are unusable, one more engine is tried. If that engine fails too, viewers get the
 * error about the media: all engines get them from the same swarm, so the content is probably at fault.
 */
export class StartPolicy implements SourcePolicy {
  readonly slotClass = 'start';
  /** A start that holds a slot must not wait for another one, because two such starts could wait for each other. */
  readonly waitForOther = 'nothing';
  readonly isPersistent = false;
  readonly replacesSource = false;
  readonly mayTryOtherForm = true;
  readonly trustsUnknown = true;
  /** Includes `engine_failed`, which means at a start that no engine delivered this source of the channel. */
  readonly sourceErrors: readonly ErrorCode[] = [...SOURCE_ERRORS, 'engine_failed'];
  deadlineMs = Infinity;
  /** Monotonic time at which the whole start budget is spent. */
  private endMs = Infinity;
  /** The error about unusable media; null if no engine has delivered such media. */
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
    if (doubt !== null) return isFailure(outcome) ? giveUp(outcome.code, doubt) : outcome;
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

/** True if the attempt failed, and was not merely aborted. */
function isFailure({ next }: Outcome): boolean {
  return next === 'same_engine' || next === 'other_engine' || next === 'give_up';
}

/** Returns how much of the time left the next of `sources` sources gets. The last source gets all of it. */
export function shareOf(leftMs: number, sources: number): number {
  return Math.max(leftMs / Math.max(1, sources), Math.min(LEAST_SHARE_MS, leftMs / 2));
}
