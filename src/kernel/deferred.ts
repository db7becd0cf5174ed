/** A promise with its ends outside: for a fact that one party waits for and another one settles, once. */
export class Deferred<T> {
  readonly promise: Promise<T>;
  resolve!: (value: T) => void;
  reject!: (error: unknown) => void;

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // Nobody has to wait for it: a failure that nobody observes is not an unhandled one.
    this.promise.catch(() => undefined);
  }
}
