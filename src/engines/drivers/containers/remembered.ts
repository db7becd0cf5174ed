/** One answer for all who ask, kept until it is to be forgotten. A failure is not kept: the next one asks again. */
export class Remembered<T> {
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

  /** Whoever waits still gets the old answer. */
  forget(): void {
    this.known = null;
  }
}
