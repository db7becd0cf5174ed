import { monotonicMs } from '../../kernel/clock';
import { Deferred } from '../../kernel/deferred';
import { HURRY_GAP_MS } from './probe-policy';

export interface ProbeLoopOptions {
  /** One probe, with a deadline. Never rejects. */
  probe(): Promise<void>;
  /** Returns the pause before the next probe, in ms. Called after each probe. */
  pauseMs(): number;
}

/** Probes one engine or VPN repeatedly. Probes do not overlap, and the first one begins at once. */
export class ProbeLoop {
  private timer: NodeJS.Timeout | undefined;
  private startedAt = -Infinity;
  private endedAt = -Infinity;
  private dueAt = Infinity;
  private isProbing = false;
  private isHurried = false;
  private isStopped = false;
  /** Resolves when the running or the next probe ends. */
  private nextEnd: Deferred<void> | null = null;

  constructor(private readonly options: ProbeLoopOptions) {}

  start(): void {
    this.planIn(0);
  }

  /** Call when `pauseMs` returns another value than before: a shorter pause counts for the one under way too. */
  pauseChanged(): void {
    if (this.isProbing || this.timer === undefined) return;
    const dueAt = Math.min(this.dueAt, this.endedAt + this.options.pauseMs());
    this.planIn(dueAt - monotonicMs());
  }

  /** Brings the next probe forward: to now, or to 1 s after the last probe began if that is later. */
  hurry(): void {
    if (this.isProbing) this.isHurried = true;
    else this.planIn(Math.min(this.gapLeftMs(), this.dueAt - monotonicMs()));
  }

  /**
   * Resolves when a current probe has ended: the running one, or the last one if it began less than 1 s ago, or else
   * a new one that begins at once. One probe serves all callers. When the loop is stopped, it resolves at once.
   */
  async probed(): Promise<void> {
    if (this.isStopped) return;
    if (!this.isProbing) {
      if (this.gapLeftMs() > 0) return;
      this.planIn(0);
    }
    this.nextEnd ??= new Deferred();
    await this.nextEnd.promise;
  }

  /** Begins no more probes. A running probe ends by its own deadline, and its result is ignored. */
  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
    this.settleEnd();
  }

  get stopped(): boolean {
    return this.isStopped;
  }

  private planIn(delayMs: number): void {
    if (this.isStopped) return;
    clearTimeout(this.timer);
    this.dueAt = monotonicMs() + delayMs;
    this.timer = setTimeout(() => void this.run(), Math.max(delayMs, 0));
  }

  private async run(): Promise<void> {
    this.isProbing = true;
    this.isHurried = false;
    this.startedAt = monotonicMs();
    await this.options.probe();
    this.isProbing = false;
    this.endedAt = monotonicMs();
    this.settleEnd();
    const pause = this.options.pauseMs();
    this.planIn(this.wasHurried() ? Math.min(this.gapLeftMs(), pause) : pause);
  }

  private settleEnd(): void {
    this.nextEnd?.resolve();
    this.nextEnd = null;
  }

  private wasHurried(): boolean {
    return this.isHurried;
  }

  private gapLeftMs(): number {
    return Math.max(this.startedAt + HURRY_GAP_MS - monotonicMs(), 0);
  }
}
