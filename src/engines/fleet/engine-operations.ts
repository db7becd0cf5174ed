import { Inject, Injectable, Logger } from '@nestjs/common';
import { CONFIG } from '../../config';
import { monotonicMs } from '../../kernel/clock';
import { AppError } from '../../kernel/errors';
import { retryDelayMs, withJitter } from '../../kernel/retry-delay';
import { EngineRuntime } from '../drivers/engine-runtime.port';
import type { EnginesConfig } from '../engines-config';
import { EngineRegistry } from '../registry/engine-registry';
import type { DrainReason } from '../registry/engine.types';
import { toRuntimeError } from './fleet-errors';
import type { FleetAction } from './fleet.types';
import { ObservedEngines } from './observed-engines';
import { ProvisioningGate } from './provisioning-gate';
import { ReconcileLoop } from './reconcile-loop';
import { RuntimeConnectivity } from './runtime-connectivity';

/** The actions on an existing engine. */
export type EngineAction = Exclude<FleetAction, { kind: 'provision' }>;

interface Backoff {
  readonly failures: number;
  /** Monotonic ms. */
  readonly until: number;
}

/** Operations on existing engines: one at a time for each engine, and a backoff after a failure. */
@Injectable()
export class EngineOperations {
  private readonly logger = new Logger('Fleet');
  private readonly running = new Map<string, Promise<boolean>>();
  private readonly removing = new Set<string>();
  private readonly backoffs = new Map<string, Backoff>();

  constructor(
    @Inject(CONFIG) private readonly config: EnginesConfig,
    private readonly runtime: EngineRuntime,
    private readonly registry: EngineRegistry,
    private readonly observed: ObservedEngines,
    private readonly gate: ProvisioningGate,
    private readonly connectivity: RuntimeConnectivity,
    private readonly loop: ReconcileLoop,
  ) {}

  /** True while an operation on the engine is running, or has failed and its backoff is not over. */
  isBusy(engineId: string): boolean {
    return this.isRunning(engineId) || (this.backoffs.get(engineId)?.until ?? 0) > monotonicMs();
  }

  isRunning(engineId: string): boolean {
    return this.running.has(engineId);
  }

  /** True while the engine is being removed, and while a failed removal waits for its retry. */
  isRemoving(engineId: string): boolean {
    return this.removing.has(engineId) && this.isBusy(engineId);
  }

  /** Time until the first backoff is over; Infinity when there is none. */
  get retryInMs(): number {
    const now = monotonicMs();
    const delays = [...this.backoffs.values()]
      .map(({ until }) => until - now)
      .filter((ms) => ms > 0);
    return Math.min(...delays, Infinity);
  }

  /**
   * Begins a planned action; returns false if nothing was begun, in which case a later reconciliation decides again.
   * Draining and undraining concern only the registry, so they are possible while the runtime does not answer.
   */
  begin(action: EngineAction): boolean {
    const { engineId, why } = action;
    switch (action.kind) {
      case 'remove':
        if (!this.connectivity.isUp || this.isBusy(engineId)) return false;
        void this.remove(engineId, action.reason, why);
        return true;
      case 'unpause':
        if (!this.connectivity.isUp || this.isBusy(engineId)) return false;
        void this.run(engineId, `unpausing engine ${engineId}: ${why}`, () =>
          this.runtime.unpause(engineId),
        );
        return true;
      case 'drain':
      case 'undrain': {
        const engine = this.registry.get(engineId);
        if (engine === undefined || this.isRunning(engineId)) return false;
        if (action.kind === 'undrain') {
          this.registry.undrain(engine);
          return true;
        }
        this.registry.drain(engine, why, 'fleet', action.reason);
        if (action.evict) this.registry.evict(engine, why);
        return true;
      }
    }
  }

  /**
   * Revokes the leases of the engine and removes it without waiting for its streams. Resolves with true when it is
   * removed, and with false if that failed; never rejects. If another operation on the engine is running, nothing is
   * begun, and the result of that operation is returned.
   */
  remove(engineId: string, reason: DrainReason, why: string): Promise<boolean> {
    return this.run(engineId, `removing engine ${engineId}: ${why}`, async () => {
      this.removing.add(engineId);
      this.evict(engineId, reason, why);
      await this.runtime.remove(engineId);
      this.observed.drop(engineId);
      this.registry.remove(engineId, why);
      this.forget(engineId);
    });
  }

  /**
   * Revokes the leases of the engine and restarts its process without waiting for its streams.
   *
   * @throws AppError `conflict` while another operation on it is running; RuntimeError
   */
  async restart(engineId: string, why: string): Promise<void> {
    if (this.isRunning(engineId)) {
      throw new AppError('conflict', 'Another operation on this engine is in progress.');
    }
    let failure: unknown = null;
    await this.run(engineId, `restarting engine ${engineId}: ${why}`, async () => {
      const isOurDrain = this.evict(engineId, 'restart', why);
      try {
        await this.runtime.restart(engineId);
      } catch (error) {
        failure = error;
        throw error;
      } finally {
        const engine = this.registry.get(engineId);
        if (isOurDrain && engine !== undefined) this.registry.undrain(engine);
      }
    });
    if (failure !== null) throw toRuntimeError(failure);
  }

  /** Forgets the backoff of an engine that is gone, and lets provisioning use its port. */
  forget(engineId: string): void {
    this.backoffs.delete(engineId);
    this.removing.delete(engineId);
    this.gate.releasePort();
  }

  /** Resolves when every running operation has ended. */
  async settled(): Promise<void> {
    await Promise.all(this.running.values());
  }

  /** Drains the engine and revokes its leases. Returns true if it was not draining before. */
  private evict(engineId: string, reason: DrainReason, why: string): boolean {
    const engine = this.registry.get(engineId);
    if (engine === undefined) return false;
    const wasDraining = engine.state === 'draining';
    this.registry.drain(engine, why, 'fleet', reason);
    this.registry.evict(engine, why);
    return !wasDraining;
  }

  private run(engineId: string, line: string, operation: () => Promise<void>): Promise<boolean> {
    const running = this.running.get(engineId);
    if (running !== undefined) return running;
    this.logger.log(line);
    const task = this.carryOut(engineId, operation);
    this.running.set(engineId, task);
    return task;
  }

  private async carryOut(engineId: string, operation: () => Promise<void>): Promise<boolean> {
    try {
      await operation();
      this.backoffs.delete(engineId);
      return true;
    } catch (error) {
      const { engineRetryBaseMs: base, engineRetryMaxMs: max } = this.config;
      const failures = (this.backoffs.get(engineId)?.failures ?? 0) + 1;
      const delayMs = withJitter(retryDelayMs(failures + 1, base, max), Math.random());
      this.backoffs.set(engineId, { failures, until: monotonicMs() + delayMs });
      this.logger.warn(`engine ${engineId}: ${toRuntimeError(error).message}`);
      return false;
    } finally {
      this.running.delete(engineId);
      this.loop.refresh();
    }
  }
}
