/**
 * Asks streams to move to another engine as soon as one has a free slot. Until then, their engine still serves
 * them. The request can be withdrawn. All leases of one engine share the signal.
 */
export interface DrainSignal {
  /** The reason for the event log; null while no drain is requested. */
  readonly reason: string | null;
  /** Calls `listener` synchronously after every change; returns a function that ends the subscription. */
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

  /** @param reason null withdraws the request */
  set(reason: string | null): void {
    if (this.current === reason) return;
    this.current = reason;
    for (const listener of [...this.listeners]) listener();
  }
}
