import { monotonicMs, wallClockIso } from '../../../kernel/clock';
import type { Attempt, AttemptOutcome } from '../../streams';
import { describeOutcome } from './outcomes';

const MAX_ATTEMPTS_KEPT = 20;

/** An attempt with its times for the trace of a start. */
export interface TimedAttempt extends Attempt {
  /** Monotonic ms. */
  readonly startedMs: number;
  /** Monotonic time in ms at which the engine had started the content; null before that. */
  answeredMs: number | null;
}

/** Updates the log entry of one attempt. */
export class AttemptEntry {
  constructor(readonly attempt: TimedAttempt) {}

  /** Sets the outcome, which may be a state such as `playing` while the attempt runs. */
  note(outcome: AttemptOutcome, detail: string | null = null): void {
    this.attempt.outcome = outcome;
    this.attempt.detail = detail;
  }

  /** Call when the engine has started the content. */
  answered(): void {
    this.attempt.answeredMs = monotonicMs();
  }

  /** Records the duration. Call when the attempt is over. */
  end(): void {
    this.attempt.durationMs = Math.round(monotonicMs() - this.attempt.startedMs);
  }
}

/** The newest attempts of a stream, so that operators can see why it failed or changed engines. */
export class AttemptLog {
  readonly entries: TimedAttempt[] = [];

  /** Adds the entry of a new attempt. `source`: id of the channel's source; null without a channel. */
  begin(engineId: string, source: string | null): AttemptEntry {
    const attempt: TimedAttempt = {
      engineId,
      source,
      startedAt: wallClockIso(),
      startedMs: monotonicMs(),
      answeredMs: null,
      durationMs: null,
      outcome: 'running',
      detail: null,
    };
    this.entries.push(attempt);
    if (this.entries.length > MAX_ATTEMPTS_KEPT) this.entries.shift();
    return new AttemptEntry(attempt);
  }

  /** Code and detail of the newest attempt; null before the first attempt. */
  get lastOutcome(): string | null {
    const last = this.entries.at(-1);
    return last === undefined ? null : describeOutcome({ code: last.outcome, detail: last.detail });
  }
}
