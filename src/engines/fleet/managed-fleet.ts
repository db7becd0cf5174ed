import { Injectable } from '@nestjs/common';
import { AppError, type ErrorCode } from '../../kernel/errors';
import type { ProvisioningBlock } from '../drivers/engine-driver.port';
import {
  type EngineLogs,
  EngineRuntime,
  type EngineUsage,
  type ObservedEngine,
} from '../drivers/engine-runtime.port';
import { EngineRegistry } from '../registry/engine-registry';
import { EngineDemand } from './engine-demand.port';
import { EngineOperations } from './engine-operations';
import { EngineRollout } from './engine-rollout';
import { FleetControl, type ProvisionTicket } from './fleet-control.port';
import { toAppError } from './fleet-errors';
import { FleetReconciler } from './fleet-reconciler';
import type { FleetStatus } from './fleet.types';
import { ImageRefresh } from './image-refresh';
import { ObservedEngines } from './observed-engines';
import { ProvisioningGate } from './provisioning-gate';
import { ProvisioningRequests } from './provisioning-requests';
import { ReconcileLoop } from './reconcile-loop';
import { RuntimeConnectivity } from './runtime-connectivity';

const BY_OPERATOR = 'requested by an operator';

/** Operators' control of a fleet that acefleet runs. */
@Injectable()
export class ManagedFleet extends FleetControl {
  constructor(
    private readonly reconciler: FleetReconciler,
    private readonly loop: ReconcileLoop,
    private readonly runtime: EngineRuntime,
    private readonly registry: EngineRegistry,
    private readonly observedEngines: ObservedEngines,
    private readonly connectivity: RuntimeConnectivity,
    private readonly gate: ProvisioningGate,
    private readonly requests: ProvisioningRequests,
    private readonly operations: EngineOperations,
    private readonly demand: EngineDemand,
    private readonly rollout: EngineRollout,
    private readonly refresh: ImageRefresh,
  ) {
    super();
  }

  override status(): FleetStatus {
    const { reconciler, runtime, requests } = this;
    const { decision } = reconciler;
    const starting = this.observedEngines.list().filter(({ observed: { id, phase }, isFresh }) => {
      if (phase !== 'running') return false;
      return !(this.registry.get(id)?.hasStarted ?? !isFresh);
    });
    return {
      runtime: runtime.kind,
      link: runtime.link,
      image: runtime.image,
      imageRefresh: this.refresh.status,
      rollout: this.rollout.status,
      profile: runtime.profile,
      wanted: decision?.wanted ?? 0,
      why: decision?.why ?? ['the engines have not been listed yet'],
      present: this.presentCount,
      starting: starting.length + requests.pendingCount,
      waiting: this.demand.wantingEngine,
      limits: reconciler.limits,
      breaker: this.gate.breakerView,
      blocked: reconciler.blocked,
      decisions: reconciler.decisions,
    };
  }

  override provision(): ProvisionTicket {
    const { blocked, limits } = this.reconciler;
    if (blocked !== null) throw blockError(blocked);
    if (this.presentCount >= limits.maxReplicas) {
      throw new AppError(
        'no_capacity',
        `There are as many engines as MAX_REPLICAS allows: ${limits.maxReplicas}.`,
      );
    }
    return this.requests.request();
  }

  override scaleTo(count: number): number {
    const { minReplicas, maxReplicas } = this.reconciler.limits;
    const bounded = Math.min(Math.max(Math.trunc(count), minReplicas), maxReplicas);
    this.reconciler.scaleTo(bounded);
    return bounded;
  }

  override remove(engineId: string): void {
    this.observed(engineId);
    this.reconciler.markForRemoval(engineId, BY_OPERATOR);
  }

  override async restart(engineId: string): Promise<void> {
    this.observed(engineId);
    await this.translateErrors(engineId, () => this.operations.restart(engineId, BY_OPERATOR));
  }

  override async logs(engineId: string, lines: number): Promise<EngineLogs> {
    this.observed(engineId);
    return this.translateErrors(engineId, () => this.runtime.logs(engineId, lines));
  }

  override async usage(engineId: string): Promise<EngineUsage> {
    this.observed(engineId);
    return this.translateErrors(engineId, () => this.runtime.usage(engineId));
  }

  override observed(engineId: string): ObservedEngine {
    const record = this.observedEngines.get(engineId);
    if (record === undefined) throw new AppError('not_found', 'No engine has this id.');
    return record.observed;
  }

  override async collectGarbage(): Promise<number> {
    await this.loop.refreshNow();
    if (!this.connectivity.isUp) {
      const { reason } = this.runtime.link;
      const detail = reason === null ? '' : `: ${reason}`;
      throw new AppError('docker_unavailable', `Docker does not answer${detail}.`);
    }
    const leftOver = this.observedEngines.list().filter(({ observed: { id, phase } }) => {
      return (phase === 'ended' || phase === 'created') && this.operations.isRunning(id);
    });
    // The reconciliation of `refreshNow` has begun these removals already, and `remove` returns their results.
    const removed = await Promise.all(
      leftOver.map(({ observed: { id } }) => this.operations.remove(id, 'operator', BY_OPERATOR)),
    );
    return removed.filter(Boolean).length;
  }

  override refreshImage(): void {
    this.refresh.request();
  }

  override replaceAll(): number {
    const count = this.rollout.replaceAll();
    this.loop.wake();
    return count;
  }

  override resetBreaker(): void {
    this.gate.reset();
    this.loop.wake();
  }

  /** Listed engines, engines that are being created, and operators' requests that have not begun. */
  private get presentCount(): number {
    const { pendingCount, requestedCount } = this.requests;
    return this.observedEngines.list().length + pendingCount + requestedCount;
  }

  private async translateErrors<T>(engineId: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      const failure = toAppError(error);
      if (failure.code !== 'runtime_refused' || !this.isGoing(engineId)) throw failure;
      throw new AppError('not_found', 'The engine is being removed.', { cause: error });
    }
  }

  /** True if the engine is gone or is being removed, so that a refusal of the runtime is no fault. */
  private isGoing(engineId: string): boolean {
    const hasVanished = this.observedEngines.get(engineId)?.hasVanished ?? true;
    return hasVanished || this.operations.isRemoving(engineId);
  }
}

const BLOCK_CODES: ReadonlySet<string> = new Set<ErrorCode>([
  'docker_unavailable',
  'image_missing',
  'provisioning_blocked',
]);

function blockError({ code, message, retryInMs }: ProvisioningBlock): AppError {
  const known = BLOCK_CODES.has(code) ? (code as ErrorCode) : 'provisioning_blocked';
  return new AppError(known, `No engine can be created now: ${message}.`, {
    ...(retryInMs === null ? {} : { retryAfterS: Math.ceil(retryInMs / 1000) }),
  });
}
