/** Caches one answer for all callers until `forget` is called. A failure is not cached: the next caller asks again. */
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

  /** Callers that are already waiting still get the old answer. */
  forget(): void {
    this.known = null;
  }
}
