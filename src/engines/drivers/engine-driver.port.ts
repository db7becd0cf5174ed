import type { EngineDescription } from '../registry/engine.types';

/** The drivers. */
export type DriverKind = 'static' | 'docker' | 'swarm' | 'simulator';

/** A driver cannot work with these settings or on this machine. The message is one line for the operator. */
export class EngineDriverError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EngineDriverError';
  }
}

/** No driver can be chosen with these settings on this machine. */
export class DriverChoiceError extends EngineDriverError {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DriverChoiceError';
  }
}

/** Receives the engines of a driver. Calls return at once and never throw. */
export interface EngineSink {
  /**
   * An engine is at this address from now on: a new one, or one that was lost and came back.
   *
   * @param startBudgetMs how long a new process may take until its first answer. Missed probes do not count until then.
   *   0 or left out: it should answer now.
   */
  announce(description: EngineDescription, startBudgetMs?: number): void;
  /**
   * An engine cannot be reached any more; it may come back under the same id.
   *
   * @param isCutOff its process runs on without an address: nothing ends the connections to it, so its streams would
   *   notice only silence. False or left out: the process ended, and its connections with it.
   */
  lose(engineId: string, reason: string, isCutOff?: boolean): void;
  /** An engine is gone for good. */
  remove(engineId: string, reason: string): void;
}

/** A channel that plays without a broadcaster. */
export interface DemoChannel {
  /** Content id: 40 lower-case hex digits. */
  readonly id: string;
  readonly name: string;
}

/** Why no engine can be created now. */
export interface ProvisioningBlock {
  readonly code: string;
  readonly message: string;
  readonly retryInMs: number | null;
}

/** The source of engines. A driver owns what it starts: after `stop` none of its tasks runs. */
export abstract class EngineDriver {
  abstract readonly kind: DriverKind;
  /**
   * True while another engine may come: on demand, or because its first start is in progress. When all engines are full,
   * viewers then wait instead of being refused. Read again for each decision.
   */
  abstract readonly canGrow: boolean;
  /** True while there is no engine because no stream needs one; the first stream that does makes one start. */
  abstract readonly isAsleep: boolean;
  /** Why no further engine can be created for now; null when one can or may. */
  abstract readonly blocked: ProvisioningBlock | null;
  /** Calls `listener` when `canGrow` or `blocked` may have changed. Returns the function that ends the subscription. */
  abstract subscribe(listener: () => void): () => void;
  /**
   * Begins to announce engines. Returns before engines are ready, because the product listens before its engines are
   * known.
   *
   * @throws EngineDriverError when the driver cannot work
   */
  abstract start(sink: EngineSink): Promise<void>;
  /**
   * Channels of the simulator, to try without knowing a content; none for real engines.
   *
   * @throws Error when the simulator does not list them
   */
  abstract demoChannels(): Promise<DemoChannel[]>;
  /** Stops all decisions: no engine is created, replaced or removed. Existing engines run on until `stop`. */
  abstract hold(): void;
  /** One line for the operator: which engines outlive this process and which command removes them; null: none does. */
  abstract farewell(): Promise<string | null>;
  /** Ends all tasks within seconds. The sink gets no more calls. */
  abstract stop(): Promise<void>;
}
