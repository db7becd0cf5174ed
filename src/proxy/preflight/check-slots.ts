import { AppError } from '../../kernel/errors';
import { Deferred } from '../../kernel/deferred';

const MAX_WAITING = 100;

interface Waiter {
  readonly turn: Deferred<undefined>;
}

/**
 * So many checks at once, the others in the order in which they came. Whoever has passed `enter` calls
 * `leave`, once.
 */
export class CheckSlots {
  private readonly waiting = new Set<Waiter>();
  private active = 0;

  constructor(private readonly limit: number) {}

  /**
   * @param timeoutMs longest time in line
   * @throws AppError `no_capacity` when too many wait or the time is over; the reason of `signal`
   */
  async enter(timeoutMs: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.active < this.limit) {
      this.active++;
      return;
    }
    if (this.waiting.size >= MAX_WAITING) throw busy();
    const waiter: Waiter = { turn: new Deferred() };
    const onAbort = (): void => waiter.turn.reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    const timer = setTimeout(() => waiter.turn.reject(busy()), timeoutMs);
    this.waiting.add(waiter);
    try {
      await waiter.turn.promise;
    } catch (error) {
      // Called up in the very moment in which it gave up: the place goes to the next.
      if (!this.waiting.delete(waiter)) this.leave();
      throw error;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  leave(): void {
    const [next] = this.waiting;
    if (next === undefined) {
      this.active--;
      return;
    }
    this.waiting.delete(next);
    next.turn.resolve(undefined);
  }
}

function busy(): AppError {
  return new AppError('no_capacity', 'Too many checks are under way.');
}
