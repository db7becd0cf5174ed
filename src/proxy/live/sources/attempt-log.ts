import { monotonicMs, wallClockIso } from '../../../kernel/clock';
import type { Attempt, AttemptOutcome } from '../../streams';
import { describeOutcome } from './outcomes';

const MAX_ATTEMPTS_KEPT = 20;

/** The log entry of one attempt, for the code that runs the attempt. */
export class AttemptEntry {
  private readonly startedMs = monotonicMs();

  constructor(readonly attempt: Attempt) {}

  note(outcome: AttemptOutcome, detail: string | null = null): void {
    this.attempt.outcome = outcome;
    this.attempt.detail = detail;
  }

  end(): void {
    this.attempt.durationMs = Math.round(monotonicMs() - this.startedMs);
  }
}

/** The newest attempts of a stream, so that operators can see why it failed or changed engines. */
export class AttemptLog {
  readonly entries: Attempt[] = [];

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
