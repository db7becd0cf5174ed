import type { EngineSink } from '../registry/engine.types';

/** The values of ENGINE_DRIVER, without `auto`. */
export type DriverKind = 'static' | 'docker' | 'swarm' | 'simulator';

/** The driver cannot work with the settings or on this machine; the message is one line for the operator. */
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

/** A channel that the simulator produces itself, so that it plays without a broadcaster. */
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

/**
 * The source of engines that ENGINE_DRIVER selects: it announces them to the registry. `StaticDriver` announces
 * configured addresses. For the other values the driver is `FleetReconciler`, which creates and removes engines
 * through an `EngineRuntime`. After `stop`, a driver does no more work.
 */
export abstract class EngineDriver {
  abstract readonly kind: DriverKind;
  /**
   * True while a further engine may become available, because one may be created or engines are starting. Viewers
   * then wait for a slot instead of being refused. Read again for each decision.
   */
  abstract readonly canGrow: boolean;
  /** True while there is no engine because none is needed. The first viewer then causes one to be created. */
  abstract readonly isAsleep: boolean;
  /** Why no further engine can be created now; null when one can, or may soon. */
  abstract readonly blocked: ProvisioningBlock | null;
  /** Calls back when `canGrow` or `blocked` may have changed; returns the function that unsubscribes. */
  abstract subscribe(listener: () => void): () => void;
  /**
   * Begins to announce engines. Resolves when that has begun, not when engines are ready: the server listens before its
   * engines are known.
   *
   * @throws EngineDriverError when the driver cannot work at all
   */
  abstract start(sink: EngineSink): Promise<void>;
  /**
   * The demo channels of the simulator; none for real engines.
   *
   * @throws Error when they cannot be listed
   */
  abstract demoChannels(): Promise<DemoChannel[]>;
  /**
   * From now on, the driver creates, replaces and removes no engine on its own. Existing engines serve until `stop`.
   */
  abstract hold(): void;
  /**
   * Returns one line for the operator about the engines that keep running when this process ends; null if there is
   * none.
   */
  abstract farewell(): Promise<string | null>;
  /** Ends all its work, within seconds. Nothing is announced afterwards. */
  abstract stop(): Promise<void>;
}
