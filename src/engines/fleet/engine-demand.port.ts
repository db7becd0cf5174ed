/** How many requests wait for an engine. Implemented by the queue of slot requests. */
export abstract class EngineDemand {
  /** Waiting requests that would be served by one more engine each. */
  abstract readonly wantingEngine: number;
  /** Calls back when the number may have changed; returns the function that unsubscribes. */
  abstract subscribe(listener: () => void): () => void;
}
