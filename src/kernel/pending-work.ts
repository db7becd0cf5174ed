/** Work in the background that its owner has to wait for before it is over. */
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
