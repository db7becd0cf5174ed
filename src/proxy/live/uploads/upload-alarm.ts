/** The upload speed may vary, and engines enforce the limit as an average. */
const TOLERANCE = 1.25;
/** How long the speed must stay on one side of the limit before the alarm is raised or ends. */
const HOLD_MS = 60_000;

/** Whether one engine uploads more than its limit. Pure. */
export class UploadAlarm {
  /** Monotonic time since which the measurements contradict `isRaised`; null: they confirm it. */
  private contradictedSinceMs: number | null = null;
  private raised = false;

  get isRaised(): boolean {
    return this.raised;
  }

  /**
   * Takes a measurement. Returns true if the alarm was raised or has ended just now.
   *
   * @param limitBps 0: no limit
   */
  measured(uploadBps: number, limitBps: number, nowMs: number): boolean {
    const isOver = limitBps > 0 && uploadBps > limitBps * TOLERANCE;
    if (isOver === this.raised) {
      this.contradictedSinceMs = null;
      return false;
    }
    this.contradictedSinceMs ??= nowMs;
    if (nowMs - this.contradictedSinceMs < HOLD_MS) return false;
    this.contradictedSinceMs = null;
    this.raised = isOver;
    return true;
  }
}
