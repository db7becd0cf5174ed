import type { EngineEndpoint, EngineSettings } from '../../ace';
import { Logger } from '@nestjs/common';
import { LiveConfig, loadConfig } from '../../config';
import { localJobs } from '../../coordination/testing/local-jobs.spec-support';
import type { DomainEventPayloads, DomainEventType } from '../../events';
import { RecordingEvents } from '../../events/testing/recording-events.spec-support';
import type { Engine } from '../registry/engine';
import { EngineRegistry } from '../registry/engine-registry';
import { ANYWHERE, type EnginePlacement } from '../vpn/engine-placement.port';
import { EngineNotices } from './engine-notices';
import { EngineOperations } from './engine-operations';
import { EngineRollout } from './engine-rollout';
import { FleetReconciler } from './fleet-reconciler';
import { FleetShutdown } from './fleet-shutdown';
import { ImageRefresh } from './image-refresh';
import { LimitUpdates } from './limit-updates';
import { ManagedFleet } from './managed-fleet';
import { ObservedEngines } from './observed-engines';
import { ProvisioningGate } from './provisioning-gate';
import { ProvisioningRequests } from './provisioning-requests';
import { ReconcileLoop } from './reconcile-loop';
import { RuntimeConnectivity } from './runtime-connectivity';
import { ScriptedRuntime } from './scripted-runtime.spec-support';

/** Settings under which nothing happens by chance: long intervals, and no free engine in reserve. */
const ENV = {
  MIN_REPLICAS: '1',
  MIN_FREE_REPLICAS: '0',
  MAX_REPLICAS: '4',
  MAX_STREAMS_PER_ENGINE: '3',
  ENGINE_GRACE_PERIOD: '30s',
  AUTOSCALE_INTERVAL: '5s',
  RECONCILE_INTERVAL: '30s',
  ENGINE_START_TIMEOUT: '20s',
  ENGINE_RETRY_BASE: '1s',
  ENGINE_RETRY_MAX: '8s',
  ENGINE_REPLACEMENT_COOLDOWN: '10s',
  CIRCUIT_BREAKER_FAILURE_THRESHOLD: '3',
  CIRCUIT_BREAKER_RECOVERY_TIMEOUT: '300s',
};

/** Gives each test of a file fake timers, and ends its fleet, after which no timer may be left. */
export function withFakeTimers(stage: () => FleetStage): void {
  beforeEach(() => jest.useFakeTimers());
  afterEach(async () => {
    const stopped = stage().reconciler.stop();
    await stage().pass(10_000);
    await stopped;
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });
}

/** A reconciler in front of a scripted runtime. The test advances the time and decides whether engines answer. */
export class FleetStage {
  readonly runtime = new ScriptedRuntime();
  readonly events = new RecordingEvents();
  readonly registry: EngineRegistry;
  readonly settings: LiveConfig;
  readonly reconciler: FleetReconciler;
  readonly control: ManagedFleet;
  readonly requests: ProvisioningRequests;
  wantingEngine = 0;
  /** True: every announced engine answers its first probe at once. */
  answersAtOnce = true;
  /** What engines answer to changes of their limits, and what they were sent. */
  readonly ace = {
    accepts: true,
    sent: [] as [token: string, settings: EngineSettings][],
    changeSettings: (_: EngineEndpoint, token: string, settings: EngineSettings) => {
      this.ace.sent.push([token, settings]);
      return Promise.resolve(this.ace.accepts);
    },
  };
  readonly limitUpdates: LimitUpdates;
  private demandChanged: () => void = () => undefined;

  constructor(env: Record<string, string> = {}, placement: EnginePlacement = ANYWHERE) {
    Logger.overrideLogger(false);
    const { events } = this;
    this.registry = new EngineRegistry(events);
    this.registry.subscribe(({ kind, engine }) => {
      if (kind === 'announced' && this.answersAtOnce) this.answer(engine.id);
    });
    const wantingEngine = (): number => this.wantingEngine;
    const demand = {
      get wantingEngine() {
        return wantingEngine();
      },
      subscribe: (listener: () => void) => {
        this.demandChanged = listener;
        return () => undefined;
      },
    };
    const { runtime, registry } = this;
    this.settings = new LiveConfig(loadConfig({ ...ENV, ...env }));
    const config = this.settings.values;
    const loop = new ReconcileLoop();
    this.limitUpdates = new LimitUpdates(config, runtime, registry, this.ace, events);
    const connectivity = new RuntimeConnectivity(runtime, events);
    const observed = new ObservedEngines(config, registry);
    const gate = new ProvisioningGate(config, events, runtime, connectivity, placement);
    const jobs = localJobs((_, data) => requests.provision(data as { key: string }));
    const rollout = new EngineRollout(runtime, registry, observed, events);
    const requests = new ProvisioningRequests(
      runtime,
      registry,
      observed,
      gate,
      events,
      loop,
      jobs,
      rollout,
    );
    this.requests = requests;
    const operations = new EngineOperations(
      config,
      runtime,
      registry,
      observed,
      gate,
      connectivity,
      loop,
    );
    this.reconciler = new FleetReconciler(
      config,
      runtime,
      registry,
      placement,
      demand,
      events,
      loop,
      observed,
      connectivity,
      gate,
      requests,
      operations,
      new EngineNotices(runtime, config),
      new FleetShutdown(config, runtime, loop, observed, requests, operations),
      this.settings,
      rollout,
      this.limitUpdates,
    );
    const refresh = new ImageRefresh(
      config,
      this.settings,
      runtime,
      rollout,
      connectivity,
      loop,
      jobs,
    );
    this.control = new ManagedFleet(
      this.reconciler,
      loop,
      runtime,
      registry,
      observed,
      connectivity,
      gate,
      requests,
      operations,
      demand,
      rollout,
      refresh,
    );
  }

  static async started(env: Record<string, string> = {}): Promise<FleetStage> {
    const stage = new FleetStage(env);
    await stage.start();
    return stage;
  }

  /** Starts the reconciler, and runs everything that is due at once. */
  async start(): Promise<void> {
    await this.reconciler.start();
    await this.pass();
  }

  /** Advances the time, and runs everything that is due. */
  async pass(ms = 200): Promise<void> {
    await jest.advanceTimersByTimeAsync(ms);
  }

  answer(id: string): void {
    const engine = this.engine(id);
    engine.recordAnswer({ version: '3.2.3', networkConnected: true });
    if (engine.state !== 'draining') this.registry.transition(engine, 'healthy', 'probe answered');
  }

  fail(id: string): void {
    this.registry.transition(this.engine(id), 'unhealthy', 'probe missed');
  }

  engine(id: string): Engine {
    const engine = this.registry.get(id);
    if (engine === undefined) throw new Error(`the registry does not know ${id}`);
    return engine;
  }

  wait(count: number): void {
    this.wantingEngine = count;
    this.demandChanged();
  }

  /** Ids in the registry with their states. */
  fleet(): string[] {
    return this.registry.list().map(({ id, state }) => `${id} ${state}`);
  }

  published<T extends DomainEventType>(type: T): DomainEventPayloads[T][] {
    return this.events.payloads(type);
  }
}
