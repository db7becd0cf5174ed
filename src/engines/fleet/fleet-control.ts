import type { EngineLogs, EngineUsage, ObservedEngine } from '../drivers/engine-runtime.port';
import type { Engine } from '../registry/engine';
import type { FleetStatus } from './fleet.types';

/** An engine that was asked for. */
export interface ProvisionTicket {
  /** The order's key; the engine's labels will have it. */
  readonly key: string;
  /** The engine, when it has answered its first probe. Rejects with an AppError. */
  readonly ready: Promise<Engine>;
}

/**
 * What operators can do to the fleet. Injection token and face in one. Where engines are not run by us
 * (`static`), everything but `status` throws AppError `not_managed`.
 */
export abstract class FleetControl {
  abstract status(): FleetStatus;
  /**
   * Asks for one engine more, now. It is let go like any other when nobody needs it.
   *
   * @throws AppError `no_capacity` at MAX_REPLICAS; the code of what blocks provisioning; `not_managed`
   */
  abstract provision(): ProvisionTicket;
  /** How many engines there shall be at least, until asked again; returns what it was bounded to. */
  abstract scaleTo(count: number): number;
  /**
   * Its streams leave it, then it is made absent; the work is under way when this returns.
   *
   * @throws AppError `not_found`, `not_managed`
   */
  abstract remove(engineId: string): void;
  /**
   * Its streams leave it, then its process is started anew under the same id; resolves when that is done.
   *
   * @throws AppError `not_found`, `not_managed`, `docker_unavailable`
   */
  abstract restart(engineId: string): Promise<void>;
  /** @throws AppError `not_found`, `not_managed`, `docker_unavailable` */
  abstract logs(engineId: string, lines: number): Promise<EngineLogs>;
  /** @throws AppError `not_found`, `not_managed`, `docker_unavailable` */
  abstract usage(engineId: string): Promise<EngineUsage>;
  /** The engine as its runtime showed it last. @throws AppError `not_found`, `not_managed` */
  abstract seen(engineId: string): ObservedEngine;
  /**
   * Looks at once and removes what is left over; returns how many.
   *
   * @throws AppError `not_managed`, `docker_unavailable`
   */
  abstract collectGarbage(): Promise<number>;
  /** Closes the breaker: the next failure counts as the first. */
  abstract resetBreaker(): void;
}
