import { Logger } from '@nestjs/common';
import { AceEngineClient } from '../../ace';
import { LiveConfig, loadConfig } from '../../config';
import { RecordingEvents } from '../../events/testing/recording-events.spec-support';
import type { EngineComplaint, EngineState } from '../registry/engine.types';
import { EngineRegistry } from '../registry/engine-registry';
import type { EngineDriver, ProvisioningBlock } from '../drivers/engine-driver.port';
import { EngineSupply } from '../fleet/engine-supply';
import { EngineHealth } from '../health/engine-health';
import { EngineScheduler, type SchedulerConfig } from '../scheduling/engine-scheduler';
import { SlotQueue } from '../scheduling/slot-queue';
import type { Candidate } from '../selection/candidate';
import { EngineSelector } from '../selection/engine-selector.port';
import { filterReasons } from '../selection/filters';
import { rank, type Ranking } from '../selection/ranking';
import { ProbedFacts, FactCache } from '../selection/cached-facts';
import { aDescription, WEIGHTS } from './engine.spec-support';

/** Chooses the first engine that may be chosen, so that a test knows which one. */
class FirstFit extends EngineSelector {
  /** Chooses none. */
  isClosed = false;

  override rank(candidates: readonly Candidate[]): Ranking {
    const fit = candidates.find((candidate) => filterReasons(candidate).length === 0);
    const chosen = this.isClosed ? null : (fit?.id ?? null);
    return { ...rank(candidates, WEIGHTS), chosen };
  }
}

/** A driver that announces nothing. The test decides what it says about further engines. */
class StagedDriver implements EngineDriver {
  readonly kind = 'static';
  readonly isAsleep = false;
  canGrow = false;
  blocked: ProvisioningBlock | null = null;
  changed: () => void = () => undefined;

  subscribe(listener: () => void): () => void {
    this.changed = listener;
    return () => undefined;
  }

  readonly start = () => Promise.resolve();
  readonly demoChannels = () => Promise.resolve([]);
  readonly hold = () => undefined;
  readonly farewell = () => Promise.resolve(null);
  readonly stop = () => Promise.resolve();
}

/** Records the complaints of streams, and probes no engine. */
class StagedHealth extends EngineHealth {
  readonly complaints: string[] = [];
  /** Engines that answer no probe. */
  readonly frozen = new Set<string>();

  constructor(registry: EngineRegistry) {
    const settings = new LiveConfig(loadConfig({}));
    super(settings.values, registry, new AceEngineClient(), settings);
  }

  override complain(engineId: string, complaint: EngineComplaint): void {
    this.complaints.push(`${engineId}: ${complaint}`);
  }

  override answersNow(engineId: string): Promise<boolean> {
    return Promise.resolve(!this.frozen.has(engineId));
  }
}

/** Limits of a stage; few of them matter to a test. */
const LIMITS: SchedulerConfig = {
  maxStreamsPerEngine: 1,
  engineWaitTimeoutMs: 60_000,
  proxyStartsPerEngine: 4,
  proxyStartsTotal: 24,
  proxyInitTimeoutMs: 60_000,
};

/** The real scheduler and registry, with engines whose states the test sets. */
export class StagedEngines {
  readonly registry = new EngineRegistry(new RecordingEvents());
  readonly queue = new SlotQueue();
  readonly settings: LiveConfig;
  readonly scheduler: EngineScheduler;
  readonly supply = new StagedDriver();
  readonly health = new StagedHealth(this.registry);
  readonly complaints = this.health.complaints;
  readonly frozen = this.health.frozen;
  private readonly selector = new FirstFit();

  constructor(limits: Partial<SchedulerConfig> = {}) {
    Logger.overrideLogger(false);
    this.settings = new LiveConfig({ ...loadConfig({}), ...LIMITS, ...limits });
    this.scheduler = new EngineScheduler(
      this.settings.values,
      this.selector,
      this.registry,
      new EngineSupply(this.registry, this.supply, { kind: 'static', why: '', isFallback: false }),
      new FactCache(new ProbedFacts()),
      this.queue,
      this.settings,
    );
  }

  /** Healthy engines `e1`, `e2`, … with so many slots each. */
  static withEngines(
    count: number,
    slots: number,
    limits: Partial<SchedulerConfig> = {},
  ): StagedEngines {
    const stage = new StagedEngines({ ...limits, maxStreamsPerEngine: slots });
    for (let n = 1; n <= count; n++) stage.add(`e${n}`, 'healthy');
    return stage;
  }

  add(id: string, ...states: EngineState[]): void {
    this.registry.announce(aDescription(id, { endpoint: { host: id, port: 6878 } }));
    for (const state of states) this.move(id, state);
  }

  move(id: string, state: EngineState): void {
    this.registry.transition(this.engine(id), state, 'test');
  }

  /** From now on, or until `open`, every request waits. */
  close(): void {
    this.selector.isClosed = true;
  }

  open(): void {
    this.selector.isClosed = false;
    this.supplyChanged();
  }

  supplyChanged(): void {
    this.supply.changed();
  }

  /** Lets the engine report that it has no network. */
  disconnect(id: string): void {
    this.engine(id).networkConnected = false;
  }

  /** Removes the engine from the registry, which revokes its leases. */
  withdraw(id: string, reason: string): void {
    this.registry.remove(id, reason);
  }

  /** Asks the streams of the engine to leave it; null withdraws that. */
  drain(id: string, reason: string | null): void {
    if (reason !== null) this.registry.drain(this.engine(id), reason);
    else {
      this.registry.undrain(this.engine(id));
      this.move(id, 'healthy');
    }
  }

  /** Number of held slots, on one engine or on all. Slots of removed engines count while streams hold them. */
  inUse(id?: string): number {
    return this.scheduler
      .listLeases()
      .filter(
        ({ engineId, state }) => state !== 'released' && (id === undefined || engineId === id),
      ).length;
  }

  private engine(id: string): ReturnType<EngineRegistry['list']>[number] {
    const engine = this.registry.get(id);
    if (engine === undefined) throw new Error(`there is no engine ${id}`);
    return engine;
  }
}
