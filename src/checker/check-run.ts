import { randomUUID } from 'node:crypto';
import { wallClockIso } from '../kernel/clock';

/** Which sources a run checks: those of one channel, of one group, or of all visible channels (both null). */
export interface CheckScope {
  readonly channel: string | null;
  readonly group: string | null;
}

export type CheckTrigger = 'request' | 'schedule';

/** What became of the check of one source. `skipped`: it had no result. */
export type CheckTally = 'working' | 'failed' | 'skipped';

/** Sources that are checked together, and how many of them work. */
export class CheckRun {
  readonly id = randomUUID();
  readonly startedAt = wallClockIso();
  readonly counts: Record<CheckTally, number> = { working: 0, failed: 0, skipped: 0 };
  endedAt: string | null = null;
  state: 'running' | 'finished' | 'stopped' = 'running';
  total = 0;
  /** Keys of the sources that are not checked yet. */
  readonly pending = new Set<string>();

  constructor(
    readonly trigger: CheckTrigger,
    readonly scope: CheckScope,
    /** Until this time, a run by schedule gets further sources. Monotonic ms. */
    readonly openUntilMs: number,
  ) {}

  add(key: string): void {
    if (this.pending.has(key)) return;
    this.pending.add(key);
    this.total += 1;
  }

  settle(key: string, tally: CheckTally): void {
    if (this.pending.delete(key)) this.counts[tally] += 1;
  }

  isDone(nowMs: number): boolean {
    return this.pending.size === 0 && nowMs >= this.openUntilMs;
  }

  end(state: 'finished' | 'stopped'): void {
    this.state = state;
    this.endedAt = wallClockIso();
  }
}
