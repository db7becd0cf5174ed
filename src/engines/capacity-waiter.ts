import type { AcquireRequest, EngineLease } from './engine.types';
import type { SelectionRequest } from './selection/engine.selector';

export interface WaiterOptions {
  readonly request: AcquireRequest;
  readonly excluded: ReadonlySet<string>;
  readonly timeoutMs: number;
  /** After so long the owner is called again and again: waiting on may make no sense any more. */
  readonly patienceMs: number;
  readonly onImpatient: (waiter: CapacityWaiter) => void;
  /** The time is over; the owner fails the waiter with what it knows. */
  readonly onTimeout: (waiter: CapacityWaiter) => void;
  /** Called once, as soon as the waiter is settled in whatever way, before its promise is. */
  readonly onSettled: (waiter: CapacityWaiter) => void;
}

/** Between two calls of `onImpatient`. */
const IMPATIENT_EVERY_MS = 2000;

/** How far the search for a slot that can be given up has come, for one waiter. */
export type ReclaimStage = 'not_asked' | 'asking' | 'exhausted';

/** One request that waits for a slot. Settles once: with a lease, an error, or its caller's abort. */
export class CapacityWaiter implements SelectionRequest {
  readonly streamId: string;
  readonly excluded: ReadonlySet<string>;
  readonly mayWait: boolean;
  readonly isFirstStart: boolean;
  readonly outcome: Promise<EngineLease>;
  reclaim: ReclaimStage = 'not_asked';
  /** A slot that is on its way will be this one's. */
  expectsSlot = false;
  /** It waits for slots that may come free, or may not. */
  isHoping = false;

  private timer: NodeJS.Timeout;
  private readonly onAbort: () => void;
  private isSettled = false;
  private resolve: (lease: EngineLease) => void = () => undefined;
  private reject: (reason: unknown) => void = () => undefined;

  constructor(private readonly options: WaiterOptions) {
    const { request, excluded, timeoutMs } = options;
    this.streamId = request.streamId;
    this.excluded = excluded;
    this.mayWait = request.mayWait ?? true;
    this.isFirstStart = request.isFirstStart ?? false;
    if (!this.mayReclaim) this.reclaim = 'exhausted';
    this.outcome = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.onAbort = () => this.fail(request.signal.reason);
    request.signal.addEventListener('abort', this.onAbort, { once: true });
    this.timer = this.wake(timeoutMs, options.patienceMs);
  }

  /** False: only a slot that is free now will do. */
  get mayReclaim(): boolean {
    return this.options.request.mayReclaim !== false;
  }

  get isWanted(): boolean {
    return this.options.request.isWanted?.() ?? true;
  }

  get whetherWanted(): AcquireRequest['isWanted'] {
    return this.options.request.isWanted;
  }

  get mayHope(): boolean {
    return this.options.request.mayHope?.(this.excluded) ?? false;
  }

  get settled(): boolean {
    return this.isSettled;
  }

  /** Those who had nothing to give may have something now. */
  askAgain(): void {
    if (this.reclaim === 'exhausted' && this.mayReclaim) this.reclaim = 'not_asked';
  }

  /** The waiter must not be settled yet: nobody would give the slot back. */
  succeed(lease: EngineLease): void {
    if (this.settle()) this.resolve(lease);
    else lease.release();
  }

  fail(reason: unknown): void {
    if (this.settle()) this.reject(reason);
  }

  /** @param leftMs until the wait is over */
  private wake(leftMs: number, delayMs: number): NodeJS.Timeout {
    const { onTimeout, onImpatient } = this.options;
    if (leftMs <= delayMs) return setTimeout(() => onTimeout(this), leftMs);
    return setTimeout(() => {
      this.timer = this.wake(leftMs - delayMs, IMPATIENT_EVERY_MS);
      onImpatient(this);
    }, delayMs);
  }

  private settle(): boolean {
    if (this.isSettled) return false;
    this.isSettled = true;
    clearTimeout(this.timer);
    this.options.request.signal.removeEventListener('abort', this.onAbort);
    this.options.onSettled(this);
    return true;
  }
}
