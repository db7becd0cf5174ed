import { sourceKey, type SourceId } from '../channels';
import type { CheckRun, CheckTally } from './check-run';

/** A source that waits for its check, or is being checked. */
export interface QueuedCheck {
  readonly key: string;
  readonly source: SourceId;
  /** The runs that wait for the result. */
  readonly runs: Set<CheckRun>;
}

/** The sources that runs wait for. A source has at most one check, whose result counts for all its runs. */
export class CheckQueue {
  private readonly waiting = new Map<string, QueuedCheck>();
  private readonly taken = new Map<string, QueuedCheck>();

  get waitingCount(): number {
    return this.waiting.size;
  }

  /** The checks that were taken and are not settled. */
  get active(): readonly QueuedCheck[] {
    return [...this.taken.values()];
  }

  find(key: string): QueuedCheck | null {
    return this.taken.get(key) ?? null;
  }

  add(run: CheckRun, sources: Iterable<SourceId>): void {
    for (const { kind, id } of sources) {
      const key = sourceKey({ kind, id });
      run.add(key);
      const queued = this.taken.get(key) ?? this.waiting.get(key);
      if (queued !== undefined) queued.runs.add(run);
      else this.waiting.set(key, { key, source: { kind, id }, runs: new Set([run]) });
    }
  }

  /** Takes the next check: one of a single channel first, because somebody waits for its result. */
  take(): QueuedCheck | null {
    const all = [...this.waiting.values()];
    const next = all.find(({ runs }) => [...runs].some(isOfChannel)) ?? all[0];
    if (next === undefined) return null;
    this.waiting.delete(next.key);
    this.taken.set(next.key, next);
    return next;
  }

  /** Returns false if the check was dropped meanwhile. */
  settle(check: QueuedCheck, tally: CheckTally): boolean {
    if (this.taken.get(check.key) !== check) return false;
    this.taken.delete(check.key);
    for (const run of check.runs) run.settle(check.key, tally);
    return true;
  }

  /** Removes the run. Returns the taken checks that no other run waits for; they are dropped. */
  remove(run: CheckRun): QueuedCheck[] {
    const dropped: QueuedCheck[] = [];
    for (const checks of [this.waiting, this.taken]) {
      for (const check of [...checks.values()]) {
        if (!check.runs.delete(run) || check.runs.size > 0) continue;
        checks.delete(check.key);
        if (checks === this.taken) dropped.push(check);
      }
    }
    return dropped;
  }
}

function isOfChannel({ scope }: CheckRun): boolean {
  return scope.channel !== null;
}
