import type { EngineLogs, EngineUsage, ObservedEngine } from '../drivers/engine-runtime.port';
import type { Engine } from '../registry/engine';
import type { FleetStatus } from './fleet.types';

/** A provisioning request of an operator. */
export interface ProvisionTicket {
  /** Key of the request; the engine's labels will contain it. */
  readonly key: string;
  /** The engine, once it has answered its first probe. Rejects with an AppError. */
  readonly ready: Promise<Engine>;
}

/**
 * What operators can do to the fleet. With ENGINE_DRIVER=static acefleet does not run the engines, and everything but
 * `status` throws AppError `not_managed`.
 */
export abstract class FleetControl {
  abstract status(): FleetStatus;
  /**
   * Requests one more engine. It is removed like any other when it is no longer needed.
   *
   * @throws AppError `no_capacity` at MAX_REPLICAS; the code of what blocks provisioning; `not_managed`
   */
  abstract provision(): ProvisionTicket;
  /** Sets the minimum number of engines until the next call; returns it, bounded by MIN_REPLICAS and MAX_REPLICAS. */
  abstract scaleTo(count: number): number;
  /**
   * Removes the engine even if it is needed, without waiting for its streams, whose leases are revoked. The removal
   * begins at once if the runtime answers and the engine is not busy, otherwise in a later reconciliation.
   *
   * @throws AppError `not_found`, `not_managed`
   */
  abstract remove(engineId: string): void;
  /**
   * Revokes the leases of the engine's streams and restarts its process under the same id, without waiting for the
   * streams; resolves when the new process runs.
   *
   * @throws AppError `not_found`, `not_managed`, `docker_unavailable`
   */
  abstract restart(engineId: string): Promise<void>;
  /** @throws AppError `not_found`, `not_managed`, `docker_unavailable` */
  abstract logs(engineId: string, lines: number): Promise<EngineLogs>;
  /** @throws AppError `not_found`, `not_managed`, `docker_unavailable` */
  abstract usage(engineId: string): Promise<EngineUsage>;
  /** The engine as its runtime listed it last. @throws AppError `not_found`, `not_managed` */
  abstract observed(engineId: string): ObservedEngine;
  /**
   * Lists the engines now and removes those that have ended or were never started; returns how many were removed.
   *
   * @throws AppError `not_managed`, `docker_unavailable`
   */
  abstract collectGarbage(): Promise<number>;
  /**
   * Pulls the image of the engines again, in the background. Engines with another content are then replaced.
   *
   * @throws AppError `not_managed`, `docker_unavailable`
   */
  abstract refreshImage(): void;
  /**
   * Replaces all engines, one at a time, without an interruption for viewers; returns their number.
   *
   * @throws AppError `not_managed`, `conflict` before the engines are known
   */
  abstract replaceAll(): number;
  /** Closes the circuit breaker: the next failure counts as the first. */
  abstract resetBreaker(): void;
}
