import { monotonicMs, wallClockIso } from '../../../kernel/clock';
import type { Attempt } from '../../streams';

const MAX_ATTEMPTS_KEPT = 20;

/** A try, and what ends its entry. */
export interface AttemptEntry {
  readonly attempt: Attempt;
  readonly end: () => void;
}

/** The newest tries of a stream on engines, for the operator who asks why. */
export class AttemptLog {
  readonly entries: Attempt[] = [];

  /** Begins an entry; what is returned ends it. */
  begin(engineId: string, source: string | null): AttemptEntry {
    const startedMs = monotonicMs();
    const attempt: Attempt = {
      engineId,
      source,
      startedAt: wallClockIso(),
      durationMs: null,
      outcome: 'running',
    };
    this.entries.push(attempt);
    if (this.entries.length > MAX_ATTEMPTS_KEPT) this.entries.shift();
    const end = (): void => {
      attempt.durationMs = Math.round(monotonicMs() - startedMs);
    };
    return { attempt, end };
  }

  get lastOutcome(): string | null {
    return this.entries.at(-1)?.outcome ?? null;
  }
}
