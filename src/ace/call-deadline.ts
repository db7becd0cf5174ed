import { EngineFault } from './ace.types';

/**
 * One signal for the two ways to end a call early: its time limit, with an EngineFault `answer_timeout` as the
 * reason, and the caller's signal, with the caller's own reason.
 */
export class CallDeadline {
  readonly #controller = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #caller: AbortSignal | undefined;
  readonly #onCallerAbort = (): void => this.#controller.abort(this.#caller?.reason);

  constructor(timeoutMs: number, caller?: AbortSignal) {
    this.#caller = caller;
    // Rounded up, because timers drop fractions of a millisecond. A caller with the same time limit must find that it
    // has passed.
    const wholeMs = Math.ceil(timeoutMs);
    this.#timer = setTimeout(() => this.#controller.abort(answerTimeout(wholeMs)), wholeMs);
    if (caller?.aborted === true) {
      this.#onCallerAbort();
    } else {
      caller?.addEventListener('abort', this.#onCallerAbort, { once: true });
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Removes the time limit; the caller may still abort. */
  lift(): void {
    clearTimeout(this.#timer);
  }

  /** Clears the timer and removes the listener on the caller's signal. Idempotent. */
  end(): void {
    clearTimeout(this.#timer);
    this.#caller?.removeEventListener('abort', this.#onCallerAbort);
  }
}

export function answerTimeout(timeoutMs: number): EngineFault {
  return new EngineFault(
    'engine',
    'answer_timeout',
    `no complete answer within ${Math.ceil(timeoutMs)} ms`,
  );
}
