import { Injectable } from '@nestjs/common';
import { monotonicMs } from '../../kernel/clock';
import { Deferred } from '../../kernel/deferred';

/** @param isRefreshRequested the engines have to be listed first. Never rejects. */
export type Reconcile = (isRefreshRequested: boolean) => Promise<void>;

/**
 * Runs reconciliations on request, one at a time. A request during a reconciliation leads to one more, because the
 * running one may have read its facts before the change. No request is dropped, and several requests lead to one run.
 */
@Injectable()
export class ReconcileLoop {
  private reconcile: Reconcile | null = null;
  private timer: NodeJS.Timeout | undefined;
  /** Monotonic ms of the next run; Infinity: none is requested. */
  private dueAt = Infinity;
  private isRefreshRequested = false;
  private running: Promise<void> | null = null;
  private isStopped = false;
  private nextRun = new Deferred<void>();

  start(reconcile: Reconcile): void {
    this.reconcile = reconcile;
    this.plan();
  }

  /** Requests a reconciliation that begins within `delayMs`. */
  wake(delayMs = 0): void {
    const dueAt = monotonicMs() + delayMs;
    if (this.isStopped || dueAt >= this.dueAt) return;
    this.dueAt = dueAt;
    if (this.running === null) this.plan();
  }

  /** Requests a reconciliation that lists the engines first. */
  refresh(delayMs = 0): void {
    this.isRefreshRequested = true;
    this.wake(delayMs);
  }

  /** Like `refresh`; resolves when that reconciliation is over, or when the loop ends. */
  refreshNow(): Promise<void> {
    if (this.isStopped) return Promise.resolve();
    this.refresh();
    return this.nextRun.promise;
  }

  /** Begins no more reconciliations; resolves when the running one is over. */
  async stop(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.running;
    this.nextRun.resolve();
  }

  private plan(): void {
    clearTimeout(this.timer);
    const { reconcile } = this;
    if (this.isStopped || this.dueAt === Infinity || reconcile === null) return;
    this.timer = setTimeout(
      () => {
        this.running = this.run(reconcile);
      },
      Math.max(this.dueAt - monotonicMs(), 0),
    );
  }

  private async run(reconcile: Reconcile): Promise<void> {
    const { nextRun, isRefreshRequested } = this;
    this.dueAt = Infinity;
    this.isRefreshRequested = false;
    this.nextRun = new Deferred<void>();
    await reconcile(isRefreshRequested);
    nextRun.resolve();
    this.running = null;
    this.plan();
  }
}
