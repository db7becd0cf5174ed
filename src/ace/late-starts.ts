/** A start whose caller has given up. The engine may be busy with it for a while. */
export interface AbandonedStart {
  /** Resolves when the engine is done with it: it has answered and its session is stopped, or the start was cut 2 s ago. */
  readonly done: Promise<void>;
  /**
   * Closes the connection, because another start needs the engine. A session that the engine opens all the same ends by its
   * own idle expiry. Idempotent.
   */
  cut(): void;
}

interface LateStart {
  readonly settled: Promise<unknown>;
  readonly cancel: () => void;
}

const MAX_LATE_STARTS = 256;

/**
 * Owner of starts whose caller has given up. The engine may open a session all the same, and it leaks
 * unless somebody waits for the answer and stops it; leaked sessions pile up until an engine refuses.
 */
export class LateStarts {
  readonly #open = new Set<LateStart>();
  #closed = false;

  get size(): number {
    return this.#open.size;
  }

  /**
   * Takes over a start.
   *
   * @param work settles when the session was stopped or never came to be
   * @param cancel breaks the work off; it must settle soon after
   */
  adopt(work: Promise<unknown>, cancel: () => void): void {
    const late: LateStart = {
      settled: work.then(
        () => this.#open.delete(late),
        () => this.#open.delete(late),
      ),
      cancel,
    };
    this.#open.add(late);
    if (this.#closed) {
      cancel();
    }
    const [oldest] = this.#open;
    if (oldest !== undefined && this.#open.size > MAX_LATE_STARTS) {
      this.#open.delete(oldest);
      oldest.cancel();
    }
  }

  /** Waits at most `waitMs` for what is open, then breaks off the rest. */
  async close(waitMs: number): Promise<void> {
    this.#closed = true;
    const cancelRest = (): void => {
      for (const late of this.#open) {
        late.cancel();
      }
    };
    const timer = setTimeout(cancelRest, waitMs);
    await Promise.all(Array.from(this.#open, (late) => late.settled));
    clearTimeout(timer);
  }
}
