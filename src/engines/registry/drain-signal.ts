/**
 * The signal of a lease that asks the stream to move to another engine as soon as one has a free slot. The engine still
 * serves its streams meanwhile. The request can be taken back. All leases of one engine share the signal.
 */
export interface DrainSignal {
  /** The reason for the event log; null while no drain is requested. */
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
