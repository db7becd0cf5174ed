import { AppError } from '../../kernel/errors';
import { Deferred } from '../../kernel/deferred';

const MAX_WAITING = 100;

interface Waiter {
  readonly admitted: Deferred<undefined>;
}

/**
 * Limits how many checks run at once; further checks queue in order of arrival. After each `enter` that resolved, call
 * `leave` once.
 */
export class CheckSlots {
  private readonly waiting = new Set<Waiter>();
  private active = 0;

  /** @param limit returns how many checks may run at once */
  constructor(private readonly limit: () => number) {}

  /**
   * @param timeoutMs maximum time in the queue
   * @throws AppError `no_capacity` if too many checks are queued or the time is over; else the reason of `signal`
   */
  async enter(timeoutMs: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.active < this.limit()) {
      this.active++;
      return;
    }
    if (this.waiting.size >= MAX_WAITING) throw busy();
    const waiter: Waiter = { admitted: new Deferred() };
    const onAbort = (): void => waiter.admitted.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const timer = setTimeout(() => waiter.admitted.reject(busy()), timeoutMs);
    this.waiting.add(waiter);
    try {
      await waiter.admitted.promise;
    } catch (error) {
      // `leave` has admitted this check just before it gave up, so it must admit the next one.
      if (!this.waiting.delete(waiter)) this.leave();
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  leave(): void {
    this.active--;
    this.admit();
  }

  /** Admits waiting checks as far as the limit allows. Call when the limit has changed. */
  admit(): void {
    for (const next of this.waiting) {
      if (this.active >= this.limit()) return;
      this.active++;
      this.waiting.delete(next);
      next.admitted.resolve(undefined);
    }
  }
}

function busy(): AppError {
  return new AppError('no_capacity', 'Too many checks are running.');
}
