import { Settleable } from '../../kernel/settleable';
import { monotonicMs } from '../../kernel/clock';

/**
 * Runs one pass at a time, each because somebody asked for it. Who asks during a pass gets another one
 * after it: that one may have looked before the change. Nothing that was asked for is dropped, and
 * what is asked for twice is done once.
 */
export class PassLoop {
  private timer: NodeJS.Timeout | undefined;
  /** Monotonic ms of the next pass; Infinity: nobody wants one. */
  private dueAt = Infinity;
  private running: Promise<void> | null = null;
  private isStopped = false;
  private awaited = new Settleable<void>();

  /** @param pass never rejects */
  constructor(private readonly pass: () => Promise<void>) {}

  /** Wants a pass to begin within `delayMs`. */
  wake(delayMs = 0): void {
    const dueAt = monotonicMs() + delayMs;
    if (this.isStopped || dueAt >= this.dueAt) return;
    this.dueAt = dueAt;
    if (this.running === null) this.plan();
  }

  /** Resolves when a pass that begins after this call is over, or when there are no more passes. */
  next(): Promise<void> {
    if (this.isStopped) return Promise.resolve();
    this.wake();
    return this.awaited.promise;
  }

  /** No pass begins any more; resolves when the present one is over. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.running;
    this.awaited.resolve();
  }

  private plan(): void {
    clearTimeout(this.timer);
    if (this.isStopped || this.dueAt === Infinity) return;
    this.timer = setTimeout(
      () => {
        this.running = this.run();
      },
      Math.max(this.dueAt - monotonicMs(), 0),
    );
  }

  private async run(): Promise<void> {
    this.dueAt = Infinity;
    const { awaited } = this;
    this.awaited = new Settleable<void>();
    await this.pass();
    awaited.resolve();
    this.running = null;
    this.plan();
  }
}
