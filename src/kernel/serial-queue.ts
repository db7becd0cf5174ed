/** Executes work one after the other, in the order of the calls. Work that fails does not hold up what follows. */
export class SerialQueue {
  /** Has no value, because the result of the last work may be a secret. */
  private last: Promise<void> = Promise.resolve();

  /** Resolves or rejects as `work` does. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const done = this.last.then(work);
    this.last = done.then(ignore, ignore);
    return done;
  }

  /** Resolves when no work is left, including work that is added meanwhile. */
  async settled(): Promise<void> {
    for (let last: unknown = null; last !== this.last;) {
      last = this.last;
      await last;
    }
  }
}

function ignore(): void {
  // The caller of `run` has the result.
}
