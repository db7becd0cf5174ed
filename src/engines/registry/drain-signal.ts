/**
 * The softer signal of a lease: the engine still works, but its streams are asked to move to other engines as soon as those
 * have room. Can be taken back. One per engine, shared by the leases on it.
 */
export interface DrainSignal {
  /** Why, for the event log; null while streams may stay. */
  readonly reason: string | null;
  /** Calls `listener` at once after every change; returns a function that ends the subscription. */
  subscribe(listener: () => void): () => void;
}

export class EngineDrainSignal implements DrainSignal {
  private current: string | null = null;
  private readonly listeners = new Set<() => void>();

  get reason(): string | null {
    return this.current;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** @param reason null takes the request back */
  set(reason: string | null): void {
    if (this.current === reason) return;
    this.current = reason;
    for (const listener of [...this.listeners]) listener();
  }
}
