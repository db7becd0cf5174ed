import { randomBytes } from 'node:crypto';
import { Injectable, Logger } from '@nestjs/common';
import { JobHandler, Jobs, type JobTable } from '../../coordination';
import { EventBus } from '../../events';
import { AppError } from '../../kernel/errors';
import { Deferred } from '../../kernel/deferred';
import { EngineRuntime, RuntimeError, type VpnSlot } from '../drivers/engine-runtime.port';
import type { Engine } from '../registry/engine';
import { EngineRegistry } from '../registry/engine-registry';
import type { PlacedEngine } from '../vpn/engine-placement.port';
import { EngineRollout } from './engine-rollout';
import type { ProvisionTicket } from './fleet-control.port';
import { toAppError, toRuntimeError } from './fleet-errors';
import { placedEngines } from './fleet-snapshot';
import { ObservedEngines } from './observed-engines';
import { ProvisioningGate } from './provisioning-gate';
import { ReconcileLoop } from './reconcile-loop';

const KEY_BYTES = 6;

/**
 * - `requested`: an operator has requested the engine, and its creation has not begun
 * - `creating`: the runtime creates the engine
 * - `starting`: the engine was created and has not answered yet
 */
type Stage = 'requested' | 'creating' | 'starting';

interface PendingRequest {
  readonly key: string;
  readonly ready: Deferred<Engine>;
  readonly isByOperator: boolean;
  stage: Stage;
  replaces: string | null;
  vpnSlot: VpnSlot | null;
  engineId: string | null;
}

/**
 * Provisioning requests, each until the first answer of its engine. They come from operators and from the fleet. A
 * job creates each engine, and the result of its start is reported to the gate. A failed request is not attempted
 * again: the next reconciliation decides whether a further engine is wanted, and the gate determines the earliest
 * time for it.
 */
@Injectable()
export class ProvisioningRequests {
  private readonly logger = new Logger('Fleet');
  private readonly requests = new Map<string, PendingRequest>();
  private readonly aborting = new AbortController();
  /** Engines that the runtime is creating, by the keys of their requests. */
  private readonly tasks = new Map<string, Promise<void>>();

  constructor(
    private readonly runtime: EngineRuntime,
    private readonly registry: EngineRegistry,
    private readonly observed: ObservedEngines,
    private readonly gate: ProvisioningGate,
    private readonly events: EventBus,
    private readonly loop: ReconcileLoop,
    private readonly jobs: Jobs,
    private readonly rollout: EngineRollout,
  ) {}

  /** Engines that are being created and that no listing has contained yet. */
  get pendingCount(): number {
    return this.unlisted('creating').length;
  }

  /** Engines that are being created, or have not answered yet. */
  get startingCount(): number {
    return this.at('creating', 'starting').length;
  }

  /** Operators' requests on which work has not begun. */
  get requestedCount(): number {
    return this.at('requested').length;
  }

  /** Engines that operators requested and that no listing has contained yet. */
  get operatorCount(): number {
    return this.unlisted('requested', 'creating').filter(({ isByOperator }) => isByOperator).length;
  }

  /** The engines whose successors are being created, or have not answered yet. */
  get beingReplaced(): ReadonlySet<string> {
    const ids = this.at('creating', 'starting').map(({ replaces }) => replaces);
    return new Set(ids.filter((id) => id !== null));
  }

  isCreating(key: string): boolean {
    return this.requests.get(key)?.stage === 'creating';
  }

  /** Every engine that counts for placement: those that are listed, and those that are being created. */
  enginesForPlacement(): PlacedEngine[] {
    return [
      ...placedEngines(this.observed.list(), (id) => this.registry.get(id)),
      ...this.unlisted('creating').map(({ key, vpnSlot }) => ({
        id: key,
        vpn: vpnSlot,
        forwardedPort: vpnSlot?.forwardedPort ?? null,
        streams: 0,
      })),
    ];
  }

  /** Requests one more engine for an operator; a reconciliation decides when its creation begins. */
  request(): ProvisionTicket {
    const request = this.add('requested', true);
    this.loop.wake();
    return { key: request.key, ready: request.ready.promise };
  }

  /** Begins to create one engine, for an operator's request if there is one; returns false if the gate allows none. */
  begin(why: string, replaces: string | null): boolean {
    const attempt = this.gate.begin(this.enginesForPlacement());
    if (attempt === null) return false;
    const requested = replaces === null ? this.at('requested')[0] : undefined;
    const request = requested ?? this.add('creating', false);
    const { key } = request;
    request.stage = 'creating';
    request.replaces = replaces;
    request.vpnSlot = attempt.vpnSlot;
    this.logger.log(`creating an engine: ${why}`);
    this.events.publish('engine_ordered', { order: key, reason: why });
    this.jobs.schedule({ name: 'fleet.provision', id: key, data: { key } }, { delayMs: 0 });
    return true;
  }

  /**
   * Begins to create the engine of a request; `stop` waits for the creation, but the job itself returns at once. If
   * the job waited, a hung runtime would hold up the shutdown, because all jobs must close before the fleet can end.
   * Does nothing if the request is over, or if its engine is being created already.
   */
  @JobHandler('fleet.provision')
  provision({ key }: JobTable['fleet.provision']): Promise<void> {
    const request = this.requests.get(key);
    if (request?.stage === 'creating' && !this.tasks.has(key)) {
      const task = this.create(request, this.aborting.signal).finally(() => {
        this.tasks.delete(key);
        this.loop.wake();
      });
      this.tasks.set(key, task);
      task.catch((error: unknown) => {
        this.logger.error({ err: error }, `provisioning request ${key} failed`);
      });
    }
    return Promise.resolve();
  }

  /** Settles the requests whose engines have answered, or will not answer any more. */
  review(): void {
    for (const request of this.at('starting')) {
      const id = request.engineId ?? '';
      const engine = this.registry.get(id);
      if (engine?.hasStarted === true) {
        this.requests.delete(request.key);
        request.ready.resolve(engine);
        this.gate.succeed();
      } else if (this.observed.get(id) === undefined) {
        this.requests.delete(request.key);
        request.ready.reject(
          new AppError('conflict', 'The engine was removed before it had started.'),
        );
        this.gate.abandon();
      } else if (engine?.drainedBy === 'operator' && !engine.mayStillStart) {
        // The operator keeps the engine, but its start must count as finished. Otherwise it would hold the only attempt
        // that a half-open breaker allows.
        this.fail(
          request,
          new RuntimeError('start_timeout', 'drained, and no answer since its start'),
        );
      }
    }
  }

  /** Fails the request of an engine that was created and did not start; without a request, nothing happens. */
  failStart(engineId: string, code: 'start_timeout' | 'engine_exited', why: string): void {
    const request = this.at('starting').find((one) => one.engineId === engineId);
    if (request !== undefined) this.fail(request, new RuntimeError(code, why));
  }

  /**
   * Call when the runtime does not answer. Rejects the waiting requests now instead of when the runtime's calls time
   * out. Engines that are being created already are still created.
   */
  rejectWaiting(error: unknown): void {
    for (const request of this.at('requested', 'creating')) {
      if (request.stage === 'requested') this.requests.delete(request.key);
      request.ready.reject(toAppError(error));
    }
  }

  /** Aborts the creation of engines and rejects every request; resolves when the runtime has cleaned up. */
  async stop(): Promise<void> {
    this.aborting.abort(new Error('the process is shutting down'));
    await Promise.allSettled(this.tasks.values());
    for (const request of [...this.requests.values()]) {
      this.requests.delete(request.key);
      request.ready.reject(new AppError('shutting_down', 'The process is about to end.'));
    }
  }

  private async create(request: PendingRequest, signal: AbortSignal): Promise<void> {
    const { key, vpnSlot, isByOperator } = request;
    try {
      const created = await this.runtime.provision({ key, vpnSlot }, signal);
      request.stage = 'starting';
      request.engineId = created.id;
      this.observed.add(created, isByOperator);
    } catch (error) {
      // The runtime has removed the container, but a listing may have contained it before.
      for (const { observed } of this.observed.list()) {
        if (observed.key === key) this.observed.drop(observed.id);
      }
      if (signal.aborted) this.gate.abandon();
      else this.fail(request, error);
    }
  }

  private fail(request: PendingRequest, error: unknown): void {
    const { code, message, retryAfterMs } = toRuntimeError(error);
    this.requests.delete(request.key);
    request.ready.reject(toAppError(error));
    this.logger.warn(`an engine could not be started: ${message} (${code})`);
    this.events.publish('engine_order_failed', { order: request.key, code, reason: message });
    const imageId = this.observed.get(request.engineId ?? '')?.observed.imageId ?? null;
    this.rollout.startFailed(imageId, code, message);
    this.gate.fail({ code, message, retryAfterMs });
  }

  private add(stage: Stage, isByOperator: boolean): PendingRequest {
    const request: PendingRequest = {
      key: randomBytes(KEY_BYTES).toString('hex'),
      ready: new Deferred<Engine>(),
      isByOperator,
      stage,
      replaces: null,
      vpnSlot: null,
      engineId: null,
    };
    this.requests.set(request.key, request);
    return request;
  }

  private at(...stages: readonly Stage[]): PendingRequest[] {
    return [...this.requests.values()].filter(({ stage }) => stages.includes(stage));
  }

  private unlisted(...stages: readonly Stage[]): PendingRequest[] {
    return this.at(...stages).filter(({ key }) => !this.observed.hasKey(key));
  }
}
