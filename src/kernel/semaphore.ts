interface Waiter {
  readonly enter: () => void;
}

/** Grants a limited number of permits at a time; further callers wait in order of arrival. */
export class Semaphore {
  private readonly queue = new Set<Waiter>();
  private held = 0;

  constructor(private readonly size: number) {}

  /**
   * Resolves with the function that releases the permit. Calling that function again has no effect.
   *
   * @throws the signal's reason if the signal aborts first
   */
  async acquire(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.held >= this.size) await this.wait(signal);
    else this.held += 1;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.release();
    };
  }

  private wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.queue.delete(waiter);
        reject(signal.reason as Error);
      };
      const waiter: Waiter = {
        enter: () => {
          signal.removeEventListener('abort', leave);
          resolve();
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      this.queue.add(waiter);
    });
  }

  /**
   * Passes the permit directly to the first waiter. If the permit became free in between, a later caller could take
   * it.
   */
  private release(): void {
    const [next] = this.queue;
    if (next === undefined) {
      this.held -= 1;
      return;
    }
    this.queue.delete(next);
    next.enter();
  }
}
