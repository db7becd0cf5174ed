interface Waiting {
  readonly enter: () => void;
}

/** So many at a time, the others in the order in which they came. */
export class CallSlots {
  private readonly queue = new Set<Waiting>();
  private taken = 0;

  constructor(private readonly size: number) {}

  /**
   * Resolves with what gives the slot back (once; further calls do nothing) when there is one.
   *
   * @throws the signal's reason, when it fires before
   */
  async take(signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    if (this.taken >= this.size) await this.wait(signal);
    else this.taken += 1;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.handOn();
    };
  }

  private wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.queue.delete(waiting);
        reject(signal.reason as Error);
      };
      const waiting: Waiting = {
        enter: () => {
          signal.removeEventListener('abort', leave);
          resolve();
        },
      };
      signal.addEventListener('abort', leave, { once: true });
      this.queue.add(waiting);
    });
  }

  /** The slot goes to the next one without being free in between, so nobody jumps the queue. */
  private handOn(): void {
    const [next] = this.queue;
    if (next === undefined) {
      this.taken -= 1;
      return;
    }
    this.queue.delete(next);
    next.enter();
  }
}
