import type { PullProgress } from '../docker-client';

/** Events of one pull are that far apart at least. */
const EVENT_EVERY_MS = 1000;

const STEP_PERCENT = 10;

export interface DueReports {
  readonly isEventDue: boolean;
  /** A further step of the whole that is worth a line in the log; null: none. */
  readonly percent: number | null;
}

/**
 * Decides what of a pull's progress is told, for a registry tells it many times a second. The total grows
 * while layers are still being found, so that the share may fall: each step is told once.
 */
export class PullProgressReport {
  private seen: PullProgress = { currentBytes: 0, totalBytes: 0 };
  private lastEventMs: number;
  private toldPercent = 0;

  constructor(private readonly now: () => number) {
    this.lastEventMs = now();
  }

  /** What was heard last. */
  get last(): PullProgress {
    return this.seen;
  }

  note(seen: PullProgress): DueReports {
    this.seen = seen;
    const now = this.now();
    const isEventDue = now - this.lastEventMs >= EVENT_EVERY_MS;
    if (isEventDue) this.lastEventMs = now;
    const step = stepOf(seen);
    if (step <= this.toldPercent) return { isEventDue, percent: null };
    this.toldPercent = step;
    return { isEventDue, percent: step };
  }
}

/** The whole is told as pulled, not as a step. */
function stepOf({ currentBytes, totalBytes }: PullProgress): number {
  if (totalBytes <= 0) return 0;
  const percent = Math.floor((100 * currentBytes) / totalBytes / STEP_PERCENT) * STEP_PERCENT;
  return Math.min(percent, 100 - STEP_PERCENT);
}
