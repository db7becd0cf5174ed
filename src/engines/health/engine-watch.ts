import { monotonicMs } from '../../kernel/clock';
import { Settleable } from '../../kernel/settleable';
import { HURRY_GAP_MS } from './probe-policy';

/** What a watch needs of its owner. */
export interface WatchDuties {
  /** One probe, bounded in time. Never rejects. */
  probe(): Promise<void>;
  /** Pause before the next probe, in ms; asked when one has ended. */
  pauseMs(): number;
}

/** The probes of one engine at one address: never two at a time, the first at once. */
export class EngineWatch {
  private timer: NodeJS.Timeout | undefined;
  private startedAt = -Infinity;
  private dueAt = Infinity;
  private isProbing = false;
  private isHurried = false;
  private isStopped = false;
  /** For those who wait for the end of a probe. */
  private nextEnd: Settleable<void> | null = null;

  constructor(private readonly duties: WatchDuties) {}

  start(): void {
    this.planIn(0);
  }

  /** Probes now, or as soon as the last probe is a second old. */
  hurry(): void {
    if (this.isProbing) this.isHurried = true;
    else this.planIn(Math.min(this.gapLeftMs(), this.dueAt - monotonicMs()));
  }

  /**
   * Resolves when the result of a probe is there that is worth its name: the one in flight, the last one when it began less
   * than a second ago, else one that begins at once. One probe serves everybody who asks meanwhile. Resolves at once when
   * the watch is stopped.
   */
  async probed(): Promise<void> {
    if (this.isStopped) return;
    if (!this.isProbing) {
      if (this.gapLeftMs() > 0) return;
      this.planIn(0);
    }
    this.nextEnd ??= new Settleable();
    await this.nextEnd.promise;
  }

  /** No probe begins any more. One in flight ends by its own deadline, and its result is void. */
  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
    this.tellEnd();
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
    await this.duties.probe();
    this.isProbing = false;
    this.tellEnd();
    const pause = this.duties.pauseMs();
    this.planIn(this.wasHurried() ? Math.min(this.gapLeftMs(), pause) : pause);
  }

  private tellEnd(): void {
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
