import type { PullProgress } from '../docker-client';

/** Minimum interval of the events of one pull. */
const EVENT_EVERY_MS = 1000;

const STEP_PERCENT = 10;

export interface DueReports {
  readonly isEventDue: boolean;
  /** The percentage that is due for a log line; null: none. */
  readonly percent: number | null;
}

/**
 * Decides which progress of a pull is reported, because Docker sends it many times a second. The total grows while
 * layers are found, so the percentage may fall; each step is reported once.
 */
export class PullReport {
  private progress: PullProgress = { currentBytes: 0, totalBytes: 0 };
  private lastEventMs: number;
  private reportedPercent = 0;

  constructor(private readonly now: () => number) {
    this.lastEventMs = now();
  }

  /** The last progress. */
  get last(): PullProgress {
    return this.progress;
  }

  note(progress: PullProgress): DueReports {
    this.progress = progress;
    const now = this.now();
    const isEventDue = now - this.lastEventMs >= EVENT_EVERY_MS;
    if (isEventDue) this.lastEventMs = now;
    const step = stepOf(progress);
    if (step <= this.reportedPercent) return { isEventDue, percent: null };
    this.reportedPercent = step;
    return { isEventDue, percent: step };
  }
}

/** The last step is not 100 %, because the end of a pull is reported separately. */
function stepOf({ currentBytes, totalBytes }: PullProgress): number {
  if (totalBytes <= 0) return 0;
  const percent = Math.floor((100 * currentBytes) / totalBytes / STEP_PERCENT) * STEP_PERCENT;
  return Math.min(percent, 100 - STEP_PERCENT);
}
