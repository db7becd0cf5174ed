/** Caches one result for all callers until `forget` is called. A failure is not cached: the next caller tries again. */
export class AsyncMemo<T> {
  private known: Promise<T> | null = null;

  constructor(private readonly find: () => Promise<T>) {}

  get(): Promise<T> {
    if (this.known !== null) return this.known;
    const known = this.find();
    this.known = known;
    known.catch(() => {
      if (this.known === known) this.known = null;
    });
    return known;
  }

  /** Drops the result. Callers that are already waiting still get it. */
  forget(): void {
    this.known = null;
  }
}
