/** The demand for further engines. Implemented by the queue of slot requests. */
export abstract class EngineDemand {
  /** Number of waiting slot requests that no existing slot will serve. One further engine may serve several of them. */
  abstract readonly wantingEngine: number;
  /** Calls back when the number may have changed; returns the function that unsubscribes. */
  abstract subscribe(listener: () => void): () => void;
}
