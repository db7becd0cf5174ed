interface Waiter {
  readonly enter: () => void;
}

/** Lets a limited number of holders in at a time; the others wait in the order in which they came. */
export class Semaphore {
  private readonly queue = new Set<Waiter>();
  private held = 0;

  constructor(private readonly size: number) {}

  /**
   * Resolves with the function that gives the permit back. Calling that function again does nothing.
   *
   * @throws the signal's reason when the signal fires first
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

  /** Passes the permit straight to the first waiter: a permit that became free in between could go to a later caller. */
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
