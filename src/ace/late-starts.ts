/** A start whose caller has given up. The engine may be busy with it for a while. */
export interface AbandonedStart {
  /**
   * Resolves when the engine is done with it: it has answered and its session is stopped, or the start was cut 2 s
   * ago.
   */
  readonly done: Promise<void>;
  /**
   * Closes the connection, because another start needs the engine. If the engine opens a session nevertheless, that
   * session ends by its own idle timeout. Idempotent.
   */
  cut(): void;
}

interface LateStart {
  readonly settled: Promise<unknown>;
  readonly cancel: () => void;
}

const MAX_LATE_STARTS = 256;

/**
 * Holds starts whose caller has given up. The engine may still open a session, which leaks unless its answer is
 * awaited and the session stopped. Engines with many leaked sessions refuse further starts.
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
   * @param work settles when the session was stopped or was never opened
   * @param cancel cancels the work, which must settle soon after
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

  /** Waits at most `waitMs` for running starts, then cancels the rest. */
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
