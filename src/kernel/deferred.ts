/** A promise with its resolvers, for a result that one party awaits and another party provides once. */
export class Deferred<T> {
  readonly promise: Promise<T>;
  resolve!: (value: T) => void;
  reject!: (error: unknown) => void;

  constructor() {
    this.promise = new Promise<T>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // A rejection that nobody awaits must not count as an unhandled rejection.
    this.promise.catch(() => undefined);
  }
}
