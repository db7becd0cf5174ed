import type { AppConfig } from '../../../config';
import { monotonicMs } from '../../../kernel/clock';
import type { AppError, ErrorCode } from '../../../kernel/errors';
import { giveUp, type Outcome } from './outcomes';
import { LONGEST_ANSWER_MS, SOURCE_ERRORS, type SourcePolicy } from './source-policy';

/** Timers may fire this much before a deadline that was computed from another clock reading. */
const TIMER_SLACK_MS = 2;
/** Less time than this, or half of what is left, is not a fair attempt at a source. */
const LEAST_SHARE_MS = 10_000;
/** Another engine has this long to do better than one that had four seconds to show media. */
const OTHER_ENGINE_MS = 9000;

/**
 * A stream starts: everything together must happen within the start budget, of which the sources of a channel have shares.
 * When the media of one engine speak against the content, one other engine is tried before viewers are told, whatever
 * comes of that: all engines get their media from the same swarm.
 */
export class StartPolicy implements SourcePolicy {
  readonly slotClass = 'start';
  /** A start that holds an engine never waits for another one. */
  readonly waitForOther = 'nothing';
  readonly isPersistent = false;
  readonly replacesSource = false;
  readonly mayMerge = true;
  readonly mayTryOtherForm = true;
  readonly trustsUnknown = true;
  /** `engine_failed`: no engine delivered this source. */
  readonly sourceErrors: readonly ErrorCode[] = [...SOURCE_ERRORS, 'engine_failed'];
  deadlineMs = Infinity;
  /** When the whole budget is spent. */
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

/** The attempt ended by itself. */
function settles({ next }: Outcome): boolean {
  return next === 'same_engine' || next === 'other_engine' || next === 'give_up';
}

/** The time that one of `sources` may take of what is left; the last one gets all. */
export function shareOf(leftMs: number, sources: number): number {
  return Math.max(leftMs / Math.max(1, sources), Math.min(LEAST_SHARE_MS, leftMs / 2));
}
