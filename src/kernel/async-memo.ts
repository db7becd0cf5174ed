/** Keeps one answer for all callers until it is forgotten. A failure is not kept: the next caller asks again. */
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

  /** Callers that are waiting still get the old answer. */
  forget(): void {
    this.known = null;
  }
}
