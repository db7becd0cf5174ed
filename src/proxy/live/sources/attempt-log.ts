import { monotonicMs, wallClockIso } from '../../../kernel/clock';
import type { Attempt, AttemptOutcome } from '../../streams';
import { describeOutcome } from './outcomes';

const MAX_ATTEMPTS_KEPT = 20;

/** Updates the log entry of one attempt. */
export class AttemptEntry {
  private readonly startedMs = monotonicMs();

  constructor(readonly attempt: Attempt) {}

  /** Sets the outcome, which may be a state such as `playing` while the attempt runs. */
  note(outcome: AttemptOutcome, detail: string | null = null): void {
    this.attempt.outcome = outcome;
    this.attempt.detail = detail;
  }

  /** Records the duration. Call when the attempt is over. */
  end(): void {
    this.attempt.durationMs = Math.round(monotonicMs() - this.startedMs);
  }
}

/** The newest attempts of a stream, so that operators can see why it failed or changed engines. */
export class AttemptLog {
  readonly entries: Attempt[] = [];

  /** Adds the entry of a new attempt. `source`: id of the channel's source; null without a channel. */
  begin(engineId: string, source: string | null): AttemptEntry {
    const attempt: Attempt = {
      engineId,
      source,
      startedAt: wallClockIso(),
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
