/** Keeps track of work in the background, so that the owner of the work can wait for all of it before it closes. */
export class PendingWork {
  private readonly pending = new Set<Promise<void>>();

  /** @param work must not reject */
  add(work: Promise<void>): void {
    const tracked: Promise<void> = work.finally(() => this.pending.delete(tracked));
    this.pending.add(tracked);
  }

  /** Resolves when nothing is pending, including work that is added meanwhile. */
  async settled(): Promise<void> {
    while (this.pending.size > 0) await Promise.all(this.pending);
  }
}
