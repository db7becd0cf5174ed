import { Inject, Injectable, Logger } from '@nestjs/common';
import { CONFIG, LiveConfig } from '../../config';
import { EventBus } from '../../events';
import { monotonicMs } from '../../kernel/clock';
import type { DemoChannel, EngineDriver, ProvisioningBlock } from '../drivers/engine-driver.port';
import { EngineRuntime, type RuntimeKind } from '../drivers/engine-runtime.port';
import type { EnginesConfig } from '../engines-config';
import { EngineRegistry } from '../registry/engine-registry';
import type { DrainReason } from '../registry/engine.types';
import { EnginePlacement } from '../vpn/engine-placement.port';
import { EngineDemand } from './engine-demand.port';
import { classifyEngines } from './engine-disposition';
import { EngineNotices } from './engine-notices';
import { EngineOperations } from './engine-operations';
import { EngineRollout } from './engine-rollout';
import { planFleet, startsReplacement } from './fleet-plan';
import { FleetShutdown } from './fleet-shutdown';
import { LIMIT_SETTINGS } from '../drivers/containers/engine-limits';
import { LimitUpdates } from './limit-updates';
import { FLEET_LIMITS, freezeEngines, limitsOf } from './fleet-snapshot';
import type {
  ExternalCapacity,
  FleetAction,
  FleetDecisionRecord,
  FleetLimits,
  FleetSnapshot,
  ScaleDecision,
} from './fleet.types';
import { type ObservedRecord, ObservedEngines } from './observed-engines';
import { ProvisioningGate } from './provisioning-gate';
import { ProvisioningRequests } from './provisioning-requests';
import { ReconcileLoop } from './reconcile-loop';
import { RuntimeConnectivity } from './runtime-connectivity';
import { decideScale } from './scaling-decision';

/**
 * A reconciliation waits this long after a hint, because hints come in bursts: the end of one container leads to
 * three or four.
 */
const HINT_DELAY_MS = 50;

/** A failed listing is retried after this time, or after RECONCILE_INTERVAL if that is shorter. */
const LISTING_RETRY_MS = 2000;

const MAX_DECISIONS = 100;

const CHANGES_TO_RECONCILE = [
  ...FLEET_LIMITS,
  ...LIMIT_SETTINGS,
  'autoscaleIntervalMs',
  'reconcileIntervalMs',
  'engineRetryBaseMs',
  'engineRetryMaxMs',
  'circuitBreakerFailureThreshold',
  'circuitBreakerRecoveryTimeoutMs',
] as const satisfies readonly (keyof EnginesConfig)[];

/**
 * The driver of a fleet that acefleet runs. Compares the wanted engines with the observed ones and acts on the
 * difference. Level-triggered: each reconciliation lists the engines, publishes them to the registry, decides from
 * what is known now, and begins the actions without waiting for them. If a change was missed, an action failed, or
 * something else undid it, a later reconciliation finds that.
 */
@Injectable()
export class FleetReconciler implements EngineDriver {
  readonly kind: RuntimeKind;
  readonly limits: FleetLimits;

  private readonly logger = new Logger('Fleet');
  private readonly listeners = new Set<() => void>();
  private subscriptions: (() => void)[] = [];
  /** Monotonic ms at which the next listing is due. */
  private nextListingAt = -Infinity;
  /** Monotonic ms at which the last replacement began; null if there was none. */
  private replacedAt: number | null = null;
  private scale: ScaleDecision | null = null;
  private scaledTo: number | null = null;
  private recentDecisions: readonly FleetDecisionRecord[] = [];
  /** Engines that must be removed, and why. Kept until they are gone, however often their removal fails. */
  private readonly markedForRemoval = new Map<string, string>();
  private isGrowable = true;
  private publishedBlock: string | null = null;
  private isHeld = false;
  private isStopped = false;

  constructor(
    @Inject(CONFIG) private readonly config: EnginesConfig,
    private readonly runtime: EngineRuntime,
    private readonly registry: EngineRegistry,
    private readonly placement: EnginePlacement,
    private readonly demand: EngineDemand,
    private readonly events: EventBus,
    private readonly loop: ReconcileLoop,
    private readonly observed: ObservedEngines,
    private readonly connectivity: RuntimeConnectivity,
    private readonly gate: ProvisioningGate,
    private readonly requests: ProvisioningRequests,
    private readonly operations: EngineOperations,
    private readonly notices: EngineNotices,
    private readonly shutdown: FleetShutdown,
    private readonly settings: LiveConfig,
    private readonly rollout: EngineRollout,
    private readonly limitUpdates: LimitUpdates,
  ) {
    this.kind = runtime.kind;
    this.limits = limitsOf(config);
  }

  /**
   * Computed once in each reconciliation, because every waiting slot request reads it at every change of the
   * registry.
   */
  get canGrow(): boolean {
    return this.isGrowable;
  }

  get isAsleep(): boolean {
    const isNoneWanted = this.scale?.wanted === 0 && this.observed.list().length === 0;
    return isNoneWanted && this.connectivity.isUp && this.blocked === null;
  }

  get blocked(): ProvisioningBlock | null {
    return this.gate.block(this.observed.hasListed ? this.requests.enginesForPlacement() : null);
  }

  /** The last scaling decision; null before the first. */
  get decision(): ScaleDecision | null {
    return this.scale;
  }

  /** Newest last, at most 100. */
  get decisions(): readonly FleetDecisionRecord[] {
    return this.recentDecisions;
  }

  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  start(): Promise<void> {
    this.subscriptions = [
      this.registry.subscribe(({ kind, engine }) => {
        if (kind === 'removed') this.markedForRemoval.delete(engine.id);
        this.loop.wake(HINT_DELAY_MS);
      }),
      this.placement.subscribe(() => this.loop.wake(HINT_DELAY_MS)),
      this.demand.subscribe(() => this.loop.wake()),
      this.settings.onChange(CHANGES_TO_RECONCILE, () => this.applyChange()),
    ];
    this.runtime.open({
      changed: () => this.loop.refresh(HINT_DELAY_MS),
      vanished: (id) => {
        this.observed.vanish(id);
        this.loop.wake(HINT_DELAY_MS);
      },
    });
    this.loop.start((isRefreshRequested) => this.reconcile(isRefreshRequested));
    this.loop.refresh();
    return Promise.resolve();
  }

  async demoChannels(): Promise<DemoChannel[]> {
    return [...(await this.runtime.demoChannels())];
  }

  hold(): void {
    this.isHeld = true;
    this.isGrowable = false;
    // The present viewers leave before an engine that is still being created could serve them.
    void this.requests.stop();
  }

  async farewell(): Promise<string | null> {
    if (!this.notices.areEnginesKept) return null;
    await this.requests.stop();
    if (!this.observed.hasListed) await this.loop.refreshNow();
    const staying = this.observed
      .list()
      .filter(({ observed }) => !this.operations.isRemoving(observed.id));
    return this.notices.farewell(
      this.observed.hasListed ? staying.map(({ observed }) => observed) : null,
    );
  }

  async stop(): Promise<void> {
    this.isStopped = true;
    this.isGrowable = false;
    for (const unsubscribe of this.subscriptions) unsubscribe();
    await this.shutdown.run();
  }

  /** Sets the minimum number of engines. */
  scaleTo(count: number): void {
    this.scaledTo = count;
    this.loop.wake();
  }

  /**
   * Marks an engine for removal, even if it is needed. The removal begins at once if the runtime answers and the
   * engine is not busy, otherwise in a later reconciliation.
   */
  markForRemoval(id: string, why: string): void {
    this.markedForRemoval.set(id, why);
    this.removeMarked();
  }

  private applyChange(): void {
    const latestMs = monotonicMs() + this.config.reconcileIntervalMs;
    this.nextListingAt = Math.min(this.nextListingAt, latestMs);
    this.loop.wake();
    // The minimum or maximum number of engines may decide whether a request can still be served.
    this.publishGrowth();
  }

  private async reconcile(isRefreshRequested: boolean): Promise<void> {
    this.loop.wake(this.config.autoscaleIntervalMs);
    try {
      if (isRefreshRequested || monotonicMs() >= this.nextListingAt) await this.refresh();
      this.connectivity.publishChange();
      if (this.isStopped || !this.observed.hasListed) return;
      const gone = this.observed.publish((key) => this.requests.isCreating(key));
      for (const id of gone) this.operations.forget(id);
      this.requests.review();
      this.rollout.review();
      this.limitUpdates.review();
      if (!this.isHeld) this.decide();
    } catch (error) {
      this.logger.error({ err: error }, 'reconciling the fleet failed');
    } finally {
      // A timer may fire a moment early; then the listing is not due yet, and is requested again.
      const listingInMs = this.nextListingAt - monotonicMs();
      const { retryInMs } = this.gate;
      this.loop.wake(Math.min(listingInMs, this.operations.retryInMs, retryInMs || Infinity));
      this.publishGrowth();
    }
  }

  private async refresh(): Promise<void> {
    const { reconcileIntervalMs } = this.config;
    const listing = this.observed.beginListing();
    try {
      this.observed.endListing(listing, await this.runtime.list());
      await this.notices.warnAboutForeignEngines();
      this.connectivity.recordListing(true);
      this.nextListingAt = monotonicMs() + reconcileIntervalMs;
    } catch (error) {
      // The runtime reports the reason itself, as its link state.
      this.observed.failListing();
      this.requests.rejectWaiting(error);
      this.connectivity.recordListing(false);
      this.nextListingAt = monotonicMs() + Math.min(LISTING_RETRY_MS, reconcileIntervalMs);
    }
  }

  private decide(): void {
    const snapshot = this.snapshot();
    const scale = decideScale(snapshot);
    this.applyScale(scale);
    this.removeMarked();
    for (const action of planFleet(snapshot, scale)) this.act(action);
  }

  private removeMarked(): void {
    for (const [engineId, why] of [...this.markedForRemoval]) {
      const record = this.observed.get(engineId);
      if (record === undefined) this.markedForRemoval.delete(engineId);
      else if (!this.isBusy(record)) {
        this.act({
          kind: 'remove',
          engineId,
          reason: 'operator',
          why,
          failure: null,
          makesRoom: false,
        });
      }
    }
  }

  private applyScale(scale: ScaleDecision): void {
    const from = this.scale?.wanted ?? 0;
    const isFirst = this.scale === null;
    this.scale = scale;
    if (from === scale.wanted && !isFirst) return;
    const why = scale.why.join('; ');
    this.record('scale', null, null, `${scale.wanted} engines: ${why}`);
    this.logger.log(`engines wanted: ${scale.wanted} (${why})`);
    this.events.publish('fleet_scaled', { from, to: scale.wanted, reason: why });
  }

  private act(action: FleetAction): void {
    if (action.kind === 'provision') {
      if (!this.requests.begin(action.why, action.replaces)) return;
    } else if (!this.operations.begin(action)) {
      return;
    }
    if (action.kind === 'remove' && action.failure !== null) {
      this.requests.failStart(action.engineId, action.failure, action.why);
    }
    const engineId = action.kind === 'provision' ? action.replaces : action.engineId;
    const reason = 'reason' in action ? action.reason : null;
    this.record(action.kind, engineId, reason, action.why);
    if (startsReplacement(action)) this.replacedAt = monotonicMs();
  }

  private record(
    kind: FleetDecisionRecord['kind'],
    engineId: string | null,
    reason: DrainReason | null,
    why: string,
  ): void {
    const record = { at: new Date(), kind, engineId, reason, why };
    this.recentDecisions = [...this.recentDecisions, record].slice(-MAX_DECISIONS);
  }

  private snapshot(): FleetSnapshot {
    const present = this.requests.enginesForPlacement();
    return {
      engines: freezeEngines(this.observed.list(), {
        engine: (id) => this.registry.get(id),
        isBusy: (record) => this.isBusy(record),
        isBeingRemoved: (id) => this.operations.isRemoving(id),
        rolloutCause: (observed) => this.rollout.causeFor(observed),
        placement: this.placement,
        present,
        specHash: this.runtime.specHash,
        hasOldLimits: (id) => this.limitUpdates.isOutdated(id),
        startTimeoutMs: this.limits.startTimeoutMs,
      }),
      external: this.externalCapacity(),
      pendingRequests: this.requests.pendingCount,
      beingReplaced: this.requests.beingReplaced,
      waiting: this.demand.wantingEngine,
      scaledTo: this.scaledTo,
      operatorRequests: this.requests.operatorCount,
      sinceReplacementMs: this.replacedAt === null ? null : monotonicMs() - this.replacedAt,
      mayProvision: this.gate.isOpen(present),
      limits: this.limits,
    };
  }

  private externalCapacity(): ExternalCapacity[] {
    return this.registry
      .list()
      .filter(({ isExternal, state }) => isExternal && (state === 'healthy' || state === 'suspect'))
      .map((engine) => ({
        slots: engine.slotCount(this.limits.maxStreamsPerEngine),
        watchedStreams: engine.watchedSlots,
      }));
  }

  private isBusy({ observed: { id, key } }: ObservedRecord): boolean {
    return this.operations.isBusy(id) || this.requests.isCreating(key);
  }

  /** True if engines are starting, or one more may be created. */
  private mayGrow(block: ProvisioningBlock | null): boolean {
    if (this.isStopped || this.isHeld) return false;
    if (this.requests.startingCount > 0) return true;
    if (block !== null) return false;
    if (!this.observed.hasListed) return true;
    const fleet = classifyEngines(this.snapshot());
    const going = fleet.of('ended', 'removing', 'lost', 'stuck').length;
    return fleet.startingCount > 0 || fleet.presentCount - going < this.limits.maxReplicas;
  }

  private publishGrowth(): void {
    const block = this.blocked;
    const code = block?.code ?? null;
    const isGrowable = this.mayGrow(block);
    if (isGrowable === this.isGrowable && code === this.publishedBlock) return;
    this.isGrowable = isGrowable;
    this.publishedBlock = code;
    for (const listener of [...this.listeners]) listener();
  }
}
