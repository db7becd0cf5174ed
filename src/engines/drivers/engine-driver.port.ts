import type { EngineDescription } from '../registry/engine.types';
import type { ProvisioningBlock } from '../fleet/fleet.types';

/** Which kinds of engines there are to run. */
export type DriverKind = 'static' | 'docker' | 'swarm' | 'simulator';

/** A driver cannot work with the settings or the installation it has; the message is a line for the operator. */
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

/** Where a driver tells what it knows. Calls return at once and never throw. */
export interface EngineSink {
  /**
   * An engine has this address from now on: a new one, or one that was lost and came back.
   *
   * @param startBudgetMs how long a new process may take before its first answer; until then missed
   *   probes say nothing. 0 or left out: it should answer now.
   */
  announce(description: EngineDescription, startBudgetMs?: number): void;
  /**
   * An engine cannot be reached any more; it may come back under the same id.
   *
   * @param isCutOff its process runs on without an address: nothing ends the connections to it, so that its streams
   *   would notice only by silence. False or left out: the process ended, and its connections with it.
   */
  lose(engineId: string, reason: string, isCutOff?: boolean): void;
  /** An engine is gone for good. */
  remove(engineId: string, reason: string): void;
}

/** A channel that plays without anybody broadcasting it. */
export interface DemoChannel {
  /** Content id: 40 lower-case hex digits. */
  readonly id: string;
  readonly name: string;
}

/** Where engines come from. A driver owns what it starts: after `stop` nothing of it is under way. */
export interface EngineDriver {
  readonly kind: DriverKind;
  /**
   * True while a further engine may come: on demand, or because its first start is under way. When all
   * are full, viewers then wait instead of being refused. Asked again for each decision.
   */
  readonly canGrow: boolean;
  /** True while there is no engine because nobody needs one, and the first who does brings one. */
  readonly isAsleep: boolean;
  /** Why no further engine can be made for now, in words for a viewer; null when one can, or might. */
  readonly blocked: ProvisioningBlock | null;
  /** Calls back when `canGrow` or `blocked` may have become another; returns what ends that. */
  subscribe(listener: () => void): () => void;
  /**
   * Begins to announce engines. Returns when the work is under way, not when engines are ready:
   * the product listens before its engines are known.
   *
   * @throws EngineDriverError when the driver cannot work at all
   */
  start(sink: EngineSink): Promise<void>;
  /**
   * Channels to try without knowing any; none for real engines.
   *
   * @throws Error when they cannot be found out
   */
  demoChannels(): Promise<DemoChannel[]>;
  /** Decides nothing more: no engine is made, replaced or let go. What there is goes on until `stop`. */
  hold(): void;
  /** One line for the operator: which engines go on when this process ends, and what removes them; null: none does. */
  farewell(): Promise<string | null>;
  /** Ends what was begun, within seconds. The sink hears nothing any more. */
  stop(): Promise<void>;
}
