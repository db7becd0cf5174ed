import type { EngineDescription } from '../engine.types';

/** Which kinds of engines there are to run. */
export type DriverKind = 'static' | 'simulator';

/** A driver cannot work with the settings or the installation it has; the message is a line for the operator. */
export class EngineDriverError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'EngineDriverError';
  }
}

/** Where a driver tells what it knows. Calls return at once and never throw. */
export interface EngineSink {
  /** An engine has this address from now on: a new one, or one that was lost and came back. */
  announce(description: EngineDescription): void;
  /** An engine's process ended; the driver brings it back under the same id. */
  lose(engineId: string, reason: string): void;
  /** An engine is gone for good. */
  remove(engineId: string, reason: string): void;
}

/** A channel that plays without anybody broadcasting it. */
export interface DemoChannel {
  /** Content id: 40 lower-case hex digits. */
  readonly id: string;
  readonly name: string;
}

/** Where engines come from. A driver owns what it starts: after `stop` nothing of it runs. */
export interface EngineDriver {
  readonly kind: DriverKind;
  /**
   * True while a further engine may come: on demand, or because its first start is under way. When all
   * are full, viewers then wait instead of being refused. Asked again for each decision.
   */
  readonly canGrow: boolean;
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
  /** Ends what was started, within seconds. The sink hears nothing any more. */
  stop(): Promise<void>;
}
