const INTERVAL_MS = 10_000;

/**
 * Logs a recurring event at most once in 10 s: at once, and then at the end of each interval in which it occurred
 * again.
 */
export class RepeatedWarning {
  private timer: NodeJS.Timeout | null = null;
  private isDue = false;

  constructor(private readonly log: () => void) {}

  note(): void {
    this.isDue = true;
    if (this.timer === null) this.logNow();
  }

  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private logNow(): void {
    this.timer = null;
    if (!this.isDue) return;
    this.isDue = false;
    this.log();
    this.timer = setTimeout(() => this.logNow(), INTERVAL_MS);
    this.timer.unref();
  }
}
