/**
 * The softer sign of a lease: its engine still works, but the stream is asked to go on elsewhere as soon as another
 * engine is ready for it. Can be taken back. One per engine, shared by the leases on it.
 */
export interface LeaveWish {
  /** Words for the event log; null while streams may stay. */
  readonly reason: string | null;
  /** Calls `listener` after every change, at once; returns what ends that. */
  subscribe(listener: () => void): () => void;
}

export class EngineLeaveWish implements LeaveWish {
  private words: string | null = null;
  private readonly listeners = new Set<() => void>();

  get reason(): string | null {
    return this.words;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Null lifts it. */
  set(reason: string | null): void {
    if (this.words === reason) return;
    this.words = reason;
    for (const listener of [...this.listeners]) listener();
  }
}
