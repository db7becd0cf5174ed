import { Logger } from '@nestjs/common';
import type { EventBus } from '../../events';
import { monotonicMs } from '../../kernel/clock';
import type { DemoChannel, EngineDriver, EngineSink } from '../drivers/engine-driver.port';
import type { EngineRuntime, RuntimeKind } from '../drivers/engine-runtime.port';
import type { Engine } from '../registry/engine';
import type { EngineRegistry } from '../registry/engine-registry';
import type { EnginesConfig } from '../engines.config';
import { DecisionLog } from './decision-log';
import type { EnginePlacement } from './engine-placement.port';
import { EngineWorks } from './engine-works';
import { FleetActions } from './fleet-actions';
import { takeCensus } from './fleet-census';
import { planFleet, startsReplacement } from './fleet-plan';
import { freezeEngines, limitsOf, placedEngines } from './fleet-snapshot';
import type {
  FleetAction,
  FleetLimits,
  FleetSnapshot,
  ProvisioningBlock,
  ScaleDecision,
} from './fleet.types';
import { KeptEngines } from './kept-engines';
import { LinkWatch } from './link-watch';
import { Orders } from './orders';
import { PassLoop } from './pass-loop';
import { ProvisioningGate } from './provisioning-gate';
import { provisioningBlock } from './provisioning-block';
import { RegistrySync } from './registry-sync';
import { decideScale } from './scaling-decision';
import { type SeenRecord, SeenEngines } from './seen-engines';
import { FleetShutdown } from './fleet-shutdown';

/** Hints come in bursts: one container that ends is three or four of them. */
const HINT_PAUSE_MS = 50;

/** A look that failed is tried again after this, unless looks are more frequent anyway. */
const FAILED_LOOK_PAUSE_MS = 2000;

/** How many requests wait for an engine. */
export interface EngineDemand {
  readonly wantingEngine: number;
  subscribe(listener: () => void): () => void;
}

export interface KeeperParts {
  readonly config: EnginesConfig;
  readonly runtime: EngineRuntime;
  readonly registry: EngineRegistry;
  readonly placement: EnginePlacement;
  readonly demand: EngineDemand;
  readonly events: EventBus;
}

/**
 * Keeps as many engines as are needed, all of them working. One loop, driven by levels and not by edges: each pass looks
 * at what is there, tells the registry, decides from what is known now, and begins what is to be done;
 * it waits for none of it. So what was missed, failed or was undone by somebody is found by a later pass.
 */
export class FleetKeeper implements EngineDriver {
  readonly kind: RuntimeKind;
  readonly limits: FleetLimits;
  readonly seen: SeenEngines;
  readonly gate: ProvisioningGate;
  readonly orders: Orders;
  readonly works: EngineWorks;
  readonly link: LinkWatch;
  readonly decisions = new DecisionLog();
  /** So many engines at least, as an operator asked; null: nobody did. */
  scaledTo: number | null = null;

  private readonly logger = new Logger('Fleet');
  private readonly kept: KeptEngines;
  private readonly actions: FleetActions;
  private readonly loop = new PassLoop(() => this.pass());
  private readonly listeners = new Set<() => void>();
  private sync: RegistrySync | null = null;
  private subscriptions: (() => void)[] = [];
  private isLookWanted = true;
  private nextLookAt = -Infinity;
  private replacedAt: number | null = null;
  private scale: ScaleDecision | null = null;
  /** Engines that are to go, and why. Kept until they are gone, however often that fails. */
  private readonly condemned = new Map<string, string>();
  private isGrowable = true;
  private toldBlock: string | null = null;
  private isHeld = false;
  private isStopped = false;

  constructor(readonly parts: KeeperParts) {
    const { config, runtime, registry, placement, events } = parts;
    this.kind = runtime.kind;
    this.limits = limitsOf(config);
    this.seen = new SeenEngines(config.engineStartTimeoutMs);
    this.gate = new ProvisioningGate(config, events);
    this.link = new LinkWatch(runtime, events);
    this.kept = new KeptEngines(runtime, config);
    this.orders = new Orders({
      runtime,
      placement,
      seen: this.seen,
      gate: this.gate,
      events,
      present: () => placedEngines(this.seen.list(), this.engine),
      changed: () => this.loop.wake(),
    });
    this.works = new EngineWorks({
      runtime,
      registry,
      config,
      removed: (id, why) => this.forget(id, why),
      changed: () => this.look(),
    });
    this.actions = new FleetActions(registry, this.link, this.orders, this.works);
  }

  /** As of the last pass: asked for by everybody who waits, with every change of the registry. */
  get canGrow(): boolean {
    return this.isGrowable;
  }

  get isAsleep(): boolean {
    const isNoneWanted = this.scale?.wanted === 0 && this.seen.list().length === 0;
    return isNoneWanted && this.link.isUp && this.blocked === null;
  }

  get blocked(): ProvisioningBlock | null {
    const { runtime, placement } = this.parts;
    const place = this.seen.hasLooked ? placement.next(this.orders.placed()) : null;
    return provisioningBlock({
      linkDownMs: this.link.downMs,
      linkReason: runtime.link.reason,
      gate: this.gate,
      image: runtime.image,
      placeBlocked: place?.kind === 'blocked' ? place.reason : null,
    });
  }

  /** The last decision; null before the first. */
  get decision(): ScaleDecision | null {
    return this.scale;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** @throws EngineDriverError when the runtime cannot work at all */
  start(sink: EngineSink): Promise<void> {
    const { config, runtime, registry, placement, demand } = this.parts;
    this.sync = new RegistrySync(sink, config.engineStartTimeoutMs);
    this.subscriptions = [
      registry.subscribe(() => this.loop.wake(HINT_PAUSE_MS)),
      placement.subscribe(() => this.loop.wake(HINT_PAUSE_MS)),
      demand.subscribe(() => this.loop.wake()),
    ];
    runtime.open({
      changed: () => this.look(HINT_PAUSE_MS),
      vanished: (id) => {
        this.seen.vanish(id);
        this.loop.wake(HINT_PAUSE_MS);
      },
    });
    this.loop.wake();
    return Promise.resolve();
  }

  async demoChannels(): Promise<DemoChannel[]> {
    return [...(await this.parts.runtime.demoChannels())];
  }

  hold(): void {
    this.isHeld = true;
    this.isGrowable = false;
    // Nobody is left to use an engine that is still being made.
    void this.orders.stop();
  }

  async farewell(): Promise<string | null> {
    if (!this.kept.areLeft) return null;
    await this.orders.stop();
    if (!this.seen.hasLooked) await this.lookNow();
    const staying = this.seen.list().filter(({ seen }) => !this.works.isRemoving(seen.id));
    return this.kept.farewell(this.seen.hasLooked ? staying.map(({ seen }) => seen) : null);
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.isGrowable = false;
    for (const unsubscribe of this.subscriptions) unsubscribe();
    await new FleetShutdown(this.parts, this.loop, this.orders, this.works, this.seen).run();
  }

  /** An engine that is to go, whatever is needed. The work is under way when this returns, if it can be. */
  condemn(id: string, why: string): void {
    this.condemned.set(id, why);
    this.removeCondemned();
  }

  /** A look is due, and a pass. */
  look(delayMs = 0): void {
    this.isLookWanted = true;
    this.loop.wake(delayMs);
  }

  /** A pass with a look; resolves when it is over. */
  lookNow(): Promise<void> {
    this.isLookWanted = true;
    return this.loop.next();
  }

  /** Thinks again without a look. */
  wake(): void {
    this.loop.wake();
  }

  private readonly engine = (id: string): Engine | undefined => this.parts.registry.get(id);

  private async pass(): Promise<void> {
    this.loop.wake(this.parts.config.autoscaleIntervalMs);
    try {
      if (this.isLookWanted || monotonicMs() >= this.nextLookAt) await this.lookAround();
      this.link.follow();
      if (this.isStopped || !this.seen.hasLooked) return;
      this.tellRegistry();
      this.orders.review(this.engine);
      if (!this.isHeld) this.decide();
    } catch (error) {
      this.logger.error({ err: error }, 'reconciling the fleet failed');
    } finally {
      // A timer may fire a moment before its time: a look that is not due yet is asked for again.
      const lookInMs = this.nextLookAt - monotonicMs();
      this.loop.wake(Math.min(lookInMs, this.works.retryInMs, this.gate.retryInMs || Infinity));
      this.tellOutlook();
    }
  }

  private async lookAround(): Promise<void> {
    const { config, runtime } = this.parts;
    this.isLookWanted = false;
    const look = this.seen.beginLook();
    try {
      this.seen.endLook(look, await runtime.list());
      await this.kept.tellForeign();
      this.link.looked(true);
      this.nextLookAt = monotonicMs() + config.reconcileIntervalMs;
    } catch (error) {
      // Why, is for the link to say; a look that failed tells nothing about engines.
      this.seen.failLook();
      this.orders.tellWaiting(error);
      this.link.looked(false);
      const pauseMs = Math.min(FAILED_LOOK_PAUSE_MS, config.reconcileIntervalMs);
      this.nextLookAt = monotonicMs() + pauseMs;
    }
  }

  private tellRegistry(): void {
    const known = this.seen.list().filter(({ seen }) => !this.orders.isUnderWay(seen.key));
    for (const id of this.sync?.apply(known) ?? []) {
      this.seen.drop(id);
      this.works.forget(id);
      this.condemned.delete(id);
      this.gate.placeFreed();
    }
  }

  private forget(id: string, why: string): void {
    this.seen.drop(id);
    this.sync?.remove(id, why);
    this.condemned.delete(id);
    this.gate.placeFreed();
  }

  private decide(): void {
    const snapshot = this.snapshot();
    const scale = decideScale(snapshot);
    this.follow(scale);
    this.removeCondemned();
    for (const action of planFleet(snapshot, scale)) this.act(action);
  }

  private removeCondemned(): void {
    for (const [id, why] of [...this.condemned]) {
      const record = this.seen.get(id);
      if (record === undefined) this.condemned.delete(id);
      else if (!this.isBusy(record)) this.act(removal(id, why));
    }
  }

  private follow(scale: ScaleDecision): void {
    const from = this.scale?.wanted ?? 0;
    const isFirst = this.scale === null;
    this.scale = scale;
    if (from === scale.wanted && !isFirst) return;
    const why = scale.why.join('; ');
    this.decisions.scaled(`${scale.wanted} engines: ${why}`);
    this.logger.log(`engines wanted: ${scale.wanted} (${why})`);
    this.parts.events.publish('fleet_scaled', { from, to: scale.wanted, reason: why });
  }

  /** Begins one action; those that need the runtime wait while it cannot be asked. */
  private act(action: FleetAction): void {
    if (!this.actions.begin(action)) return;
    this.decisions.acted(action);
    if (startsReplacement(action)) this.replacedAt = monotonicMs();
  }

  private snapshot(): FleetSnapshot {
    const { runtime, placement, demand } = this.parts;
    return {
      engines: freezeEngines(this.seen.list(), {
        engine: this.engine,
        isBusy: (record) => this.isBusy(record),
        isBeingRemoved: (id) => this.works.isRemoving(id),
        placement,
        placed: this.orders.placed(),
        specHash: runtime.specHash,
        startTimeoutMs: this.limits.startTimeoutMs,
      }),
      pendingOrders: this.orders.pending,
      beingReplaced: this.orders.beingReplaced,
      waiting: demand.wantingEngine,
      scaledTo: this.scaledTo,
      extraOrders: this.orders.extra,
      sinceReplacementMs: this.replacedAt === null ? null : monotonicMs() - this.replacedAt,
      mayProvision:
        this.link.isUp &&
        this.gate.mayTry() &&
        placement.next(this.orders.placed()).kind === 'place',
      limits: this.limits,
    };
  }

  private isBusy({ seen }: SeenRecord): boolean {
    return this.works.isBusy(seen.id) || this.orders.isUnderWay(seen.key);
  }

  /** Engines are starting, or one more may be made. */
  private mayGrow(block: ProvisioningBlock | null): boolean {
    if (this.isStopped || this.isHeld) return false;
    if (this.orders.underWay + this.orders.starting > 0) return true;
    if (block !== null) return false;
    if (!this.seen.hasLooked) return true;
    const census = takeCensus(this.snapshot());
    const going = census.of('over', 'leaving', 'lost', 'stuck').length;
    return census.starting > 0 || census.present - going < this.limits.maxReplicas;
  }

  private tellOutlook(): void {
    const block = this.blocked;
    const isGrowable = this.mayGrow(block);
    if (isGrowable === this.isGrowable && (block?.code ?? null) === this.toldBlock) return;
    this.isGrowable = isGrowable;
    this.toldBlock = block?.code ?? null;
    for (const listener of [...this.listeners]) listener();
  }
}

function removal(engineId: string, why: string): FleetAction {
  return { kind: 'remove', engineId, why, failure: null, makesRoom: false };
}
