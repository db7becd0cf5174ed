import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { CONFIG, LiveConfig, viewOf } from '../../config';
import { monotonicMs } from '../../kernel/clock';
import { AppError } from '../../kernel/errors';
import type { Engine } from '../registry/engine';
import { EngineRegistry } from '../registry/engine-registry';
import { EngineSupply } from '../fleet/engine-supply';
import type { EnginesConfig } from '../engines-config';
import { SlotRevocation } from '../registry/held-slot';
import type { Candidate } from '../selection/candidate';
import { EngineSelector } from '../selection/engine-selector.port';
import type { Ranking } from '../selection/ranking';
import { FactCache } from '../selection/cached-facts';
import {
  noCapacity,
  provisioningBlocked,
  noEngineInTime,
  noEngineReached,
  shuttingDown,
} from './admission-errors';
import { forecastCapacity, hasFreeSlot, type CapacityForecast } from './capacity-forecast';
import { selectVictim } from './preemption';
import { SlotHolder } from './slot-holder';
import { SlotLease, type LeaseScheduler } from './slot-lease';
import { serviceOrder } from './slot-order';
import { QueuedRequest, SlotQueue } from './slot-queue';
import type { SlotClass, SlotRequest } from './slot-request';
import { isBusy, type StartLimits } from './start-limits';

/**
 * Maximum number of waiting requests. With the default PROXY_MAX_SESSIONS (150) it is never reached.
 */
const MAX_QUEUED = 1000;
/**
 * A start waits this long for a slot, because players open the next stream up to 1 s before they close the previous
 * one.
 */
const RELEASE_WAIT_MS = 1500;
/** A move or a check has no waiting viewers, so it fails if the engines stay busy for this long. */
const BUSY_WAIT_MS = 10_000;
/** Engines may start later than acefleet, so a request waits this long before it gives up on addresses that never answered. */
const UNREACHED_WAIT_MS = 10_000;
/** After that time, the addresses are checked again at this interval. */
const UNREACHED_CHECK_MS = 2000;
/**
 * An abandoned start that the engine has not answered for this long is cut when another start needs the engine. It
 * is not cut earlier, because the engine's answer names the session that has to be stopped.
 */
const HANGING_MS = 5000;
/** A start that has used this share of its budget may be preempted by another start. */
const OVERDUE_SHARE = 0.5;

const NO_ENGINES: ReadonlySet<string> = new Set();

export type SchedulerConfig = Pick<
  EnginesConfig,
  | 'maxStreamsPerEngine'
  | 'engineWaitTimeoutMs'
  | 'proxyStartsPerEngine'
  | 'proxyStartsTotal'
  | 'proxyInitTimeoutMs'
>;

const CHANGES_TO_REVIEW = [
  'maxStreamsPerEngine',
  'engineWaitTimeoutMs',
  'proxyStartsPerEngine',
  'proxyStartsTotal',
  'proxyInitTimeoutMs',
] as const satisfies readonly (keyof SchedulerConfig)[];

/**
 * Grants the slots of the engines. A request gets a slot at once if one is free, waits in the queue if one may
 * become free, and fails as soon as it is certain that none will.
 *
 * Every change of an engine, a lease or a stream's viewers is followed by a review of the whole queue, in the order
 * of `serviceOrder`. A slot that becomes free is granted within that change, so that no later request can take it.
 * When no slot is free, `selectVictim` chooses the slot to preempt, and the `revoked` signal of its lease tells the
 * stream to leave.
 */
@Injectable()
export class EngineScheduler implements LeaseScheduler, OnModuleDestroy {
  private readonly limits: StartLimits;
  /** Leases that hold a slot or keep an engine busy. */
  private readonly leases = new Set<SlotLease>();
  private readonly unsubscribe: readonly (() => void)[];
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;
  private isReviewing = false;
  private isReviewDue = false;
  private isPreemptionDue = false;
  /**
   * In a crowd of starts (see `serviceOrder`): true if the previous slot went to the oldest start, so that the newest
   * gets the next one.
   */
  private isNewestNext = false;
  /** Number of slots released so far. */
  private released = 0;

  constructor(
    @Inject(CONFIG) private readonly config: SchedulerConfig,
    private readonly selector: EngineSelector,
    private readonly registry: EngineRegistry,
    private readonly supply: EngineSupply,
    private readonly facts: FactCache,
    private readonly queue: SlotQueue,
    settings: LiveConfig,
  ) {
    this.limits = viewOf(config, { perEngine: 'proxyStartsPerEngine', total: 'proxyStartsTotal' });
    this.unsubscribe = [
      // Waiting requests may get a slot now, or have waited long enough.
      settings.onChange(CHANGES_TO_REVIEW, () => this.review()),
      registry.subscribe(() => this.review()),
      supply.subscribe(() => this.review()),
    ];
  }

  private get overdueMs(): number {
    return this.config.proxyInitTimeoutMs * OVERDUE_SHARE;
  }

  /** Creates the record of one stream: the facts by which its requests are ordered and its slots preempted. */
  holder(streamId: string): SlotHolder {
    return new SlotHolder(streamId, () => this.review());
  }

  /**
   * Grants a slot on the best engine. The caller may ask that engine for the content immediately. Choice and reservation
   * happen in one tick. The caller must release the lease. If `signal` aborts before this method returns, the method
   * releases the slot itself and throws.
   *
   * A starting engine is considered even if it is in `excluded`, because its new process has not failed on the content.
   *
   * @throws AppError `no_capacity`: every slot is taken and none can be preempted. A start waits 1.5 s for a slot, and
   *   up to ENGINE_WAIT_TIMEOUT while a slot may come from an engine that starts or from a stream without media. A
   *   failover waits up to ENGINE_WAIT_TIMEOUT.
   * @throws AppError `no_engine`: no engine became usable within ENGINE_WAIT_TIMEOUT; every engine is draining, or there
   *   is none and none can be created now; or no address answered within 10 s
   * @throws AppError `engine_failed`: every engine is excluded, draining or gone
   * @throws AppError `shutting_down`
   * @throws the reason of `signal`
   */
  async acquire(request: SlotRequest): Promise<SlotLease> {
    const lease = await this.enqueue(request, this.excludedFor(request), null);
    // The signal aborted in the same tick in which the slot was granted: the caller has given up and would not
    // release it.
    if (request.signal.aborted) lease.release();
    request.signal.throwIfAborted();
    return lease;
  }

  /** Returns the decision that a start would get now, with every reason. Reserves nothing. */
  explain(): Ranking {
    return this.selector.rank(this.candidates('start', NO_ENGINES));
  }

  /** Every lease that holds a slot or keeps an engine busy. */
  listLeases(): SlotLease[] {
    return [...this.leases];
  }

  async askAgain(lease: SlotLease, signal: AbortSignal): Promise<void> {
    const request = { holder: lease.holder, class: lease.class, excluded: NO_ENGINES, signal };
    await this.enqueue(request, NO_ENGINES, lease);
  }

  changed(lease: SlotLease): void {
    if (lease.state === 'released') {
      this.released += 1;
      if (!lease.isAsking) this.leases.delete(lease);
      this.registry.vacate(lease.engineId, lease);
    }
    this.review();
  }

  onModuleDestroy(): void {
    this.isClosed = true;
    for (const unsubscribe of this.unsubscribe) unsubscribe();
    for (const queued of this.queue.list()) queued.fail(shuttingDown());
    clearTimeout(this.timer);
  }

  private async enqueue(
    request: SlotRequest,
    excluded: ReadonlySet<string>,
    held: SlotLease | null,
  ): Promise<SlotLease> {
    request.signal.throwIfAborted();
    if (this.isClosed) throw shuttingDown();
    if (this.queue.size >= MAX_QUEUED) throw noCapacity('Too many requests wait for an engine.');
    const queued = new QueuedRequest(request, excluded, held, (settled) => {
      this.queue.remove(settled);
      // A slot that is being freed for this request may now serve the next one.
      this.review();
    });
    this.queue.add(queued);
    this.review();
    return queued.lease;
  }

  private excludedFor({ excluded, only }: SlotRequest): ReadonlySet<string> {
    const still = [...excluded].filter((id) => this.registry.get(id)?.state !== 'starting');
    if (only === undefined) return new Set(still);
    const others = this.registry.list().filter(({ id }) => id !== only);
    return new Set([...still, ...others.map(({ id }) => id)]);
  }

  /**
   * Serves every request that can be served, and fails every request that cannot succeed any more. One review runs at a
   * time; a change during a review causes another one.
   */
  private review(): void {
    this.isReviewDue = true;
    if (this.isReviewing || this.isClosed) return;
    this.isReviewing = true;
    try {
      while (this.isReviewDue) {
        this.isReviewDue = false;
        this.reviewOnce(false);
      }
    } finally {
      this.isReviewing = false;
    }
    this.setTimer();
    this.queue.publish();
  }

  /**
   * Preempts only after the present change is complete, because the caller that made the change may still be updating the
   * stream whose slot is preempted.
   */
  private preemptSoon(): void {
    if (this.isPreemptionDue) return;
    this.isPreemptionDue = true;
    queueMicrotask(() => {
      this.isPreemptionDue = false;
      if (this.isClosed) return;
      this.isReviewing = true;
      try {
        this.reviewOnce(true);
      } finally {
        this.isReviewing = false;
      }
      this.review();
    });
  }

  private reviewOnce(mayPreempt: boolean): void {
    const { maxStreamsPerEngine } = this.config;
    const slots = this.registry
      .list()
      .reduce((sum, engine) => sum + engine.slotCount(maxStreamsPerEngine), 0);
    const order = serviceOrder(this.queue.list(), slots, this.isNewestNext);
    if (!order.isCrowded) this.isNewestNext = false;
    const claims: Claims = {
      becomingFree: new Set([...this.leases].filter(isBecomingFree)),
      victims: new Set(),
      mayPreempt,
    };
    const { released } = this;
    for (const queued of order.requests) {
      // A slot that was released during this review belongs to the first request in the queue, so the review starts
      // again.
      if (this.released > released) return;
      if (queued.isSettled) continue;
      if (queued.held !== null) this.serveHeld(queued, queued.held);
      else if (this.serve(queued)) {
        if (order.isCrowded && queued.class === 'start') this.isNewestNext = !this.isNewestNext;
      } else this.handleUnserved(queued, claims);
    }
  }

  private serve(queued: QueuedRequest): boolean {
    const { chosen } = this.selector.rank(this.candidates(queued.class, queued.excluded));
    const engine = chosen === null ? undefined : this.registry.get(chosen);
    if (engine === undefined) return false;
    const lease = new SlotLease(engine, queued.request.holder, queued.class, this);
    lease.ask();
    this.leases.add(lease);
    this.registry.occupy(engine, lease);
    queued.grant(lease);
    return true;
  }

  /** Handles a stream that holds a slot and waits until its engine is less busy. */
  private serveHeld(queued: QueuedRequest, lease: SlotLease): void {
    queued.awaits = 'answer';
    if (isBusy(lease.engineId, queued.class, this.asking(), this.limits)) {
      const waitMs = this.config.engineWaitTimeoutMs;
      if (monotonicMs() - queued.sinceMs >= waitMs) queued.fail(waitedTooLong(waitMs));
      return;
    }
    lease.ask();
    queued.grant(lease);
  }

  private handleUnserved(queued: QueuedRequest, claims: Claims): void {
    const { canGrow } = this.supply;
    const blocked = canGrow || this.hasPossibleEngine() ? null : this.supply.blocked;
    if (blocked !== null) {
      queued.fail(provisioningBlocked(blocked));
      return;
    }
    const candidates = this.candidates(queued.class, queued.excluded);
    const forecast = forecastCapacity(candidates, canGrow);
    queued.awaits = 'slot';
    switch (forecast.kind) {
      case 'occupied':
        this.handleOccupied(queued, forecast, claims);
        return;
      case 'pending':
        this.handlePending(queued, canGrow);
        return;
      case 'excluded':
        queued.fail(
          new AppError(
            'engine_failed',
            'No engine is left for this content: each one failed, is being drained or is gone.',
          ),
        );
        return;
      case 'none':
        queued.fail(new AppError('no_engine', 'Every engine is being drained.'));
        return;
    }
  }

  private handlePending(queued: QueuedRequest, canGrow: boolean): void {
    const waitedMs = monotonicMs() - queued.sinceMs;
    const engines = this.registry.list();
    if (!queued.waitsForSlot) {
      queued.fail(new AppError('no_engine', 'No other engine is usable now.'));
      return;
    }
    const unreached = canGrow || waitedMs < UNREACHED_WAIT_MS ? null : noEngineReached(engines);
    if (unreached !== null) queued.fail(unreached);
    else if (waitedMs >= this.config.engineWaitTimeoutMs) {
      queued.fail(
        noEngineReached(engines) ?? noEngineInTime(engines, this.config.engineWaitTimeoutMs),
      );
    }
  }

  /** Handles a request while usable engines exist, and all are full or busy. */
  private handleOccupied(
    queued: QueuedRequest,
    { usable, isGrowing }: CapacityForecast,
    claims: Claims,
  ): void {
    const waitedMs = monotonicMs() - queued.sinceMs;
    const isUseful = (lease: SlotLease): boolean =>
      usable.some(
        (engine) => engine.id === lease.engineId && (lease.isAsking || !hasFreeSlot(engine)),
      );
    const isAnySlotFree = usable.some(hasFreeSlot);
    const timeoutMs = queued.mayPreempt ? this.config.engineWaitTimeoutMs : BUSY_WAIT_MS;
    if (waitedMs >= timeoutMs) {
      queued.fail(isAnySlotFree ? waitedTooLong(timeoutMs) : noCapacity());
      return;
    }
    if (queued.mayPreempt && this.claim(queued, isUseful, claims)) return;
    if (isAnySlotFree && queued.waitsForAnswer) {
      queued.awaits = 'answer';
      return;
    }
    if (!this.mayWaitForSlot(queued, isGrowing, waitedMs, isUseful)) queued.fail(noCapacity());
  }

  /** Claims a slot that is being released, or else preempts one for the request. Returns false if there is none. */
  private claim(
    queued: QueuedRequest,
    isUseful: (lease: SlotLease) => boolean,
    { becomingFree, victims, mayPreempt }: Claims,
  ): boolean {
    const next = [...becomingFree].find(isUseful);
    if (next !== undefined) {
      becomingFree.delete(next);
      if (monotonicMs() - next.askedMs >= HANGING_MS) next.cutAbandoned();
      queued.awaits = 'victim';
      return true;
    }
    if (!queued.isWatched) return false;
    const held = [...this.leases].filter((lease) => isUseful(lease) && !victims.has(lease));
    const victim = selectVictim(queued.class, held, monotonicMs(), this.overdueMs);
    if (victim === null) return false;
    queued.awaits = 'victim';
    victims.add(victim);
    if (mayPreempt) victim.revoke(preemptedBy(queued.class));
    else this.preemptSoon();
    return true;
  }

  private mayWaitForSlot(
    queued: QueuedRequest,
    isGrowing: boolean,
    waitedMs: number,
    isUseful: (lease: SlotLease) => boolean,
  ): boolean {
    if (!queued.waitsForSlot) return false;
    if (queued.class === 'failover' || isGrowing || waitedMs < RELEASE_WAIT_MS) return true;
    // Slots that are being released become free, and a stream without media may still fail.
    return [...this.leases].some((lease) => isUseful(lease) && lease.state !== 'confirmed');
  }

  private candidates(slotClass: SlotClass, excluded: ReadonlySet<string>): Candidate[] {
    const asking = this.asking();
    return this.registry
      .list()
      .map((engine) => this.candidate(engine, slotClass, excluded, asking));
  }

  private candidate(
    engine: Engine,
    slotClass: SlotClass,
    excluded: ReadonlySet<string>,
    asking: readonly SlotLease[],
  ): Candidate {
    const { vpnHealthy, networkConnected } = this.facts.of(engine);
    return {
      id: engine.id,
      state: engine.state,
      activeStreams: engine.leases.size,
      maxStreams: engine.slotCount(this.config.maxStreamsPerEngine),
      isBusy: isBusy(engine.id, slotClass, asking, this.limits),
      forwarded: engine.forwarded,
      vpnHealthy,
      networkConnected,
      excluded: excluded.has(engine.id),
      lastReservation: engine.lastReservation,
    };
  }

  private asking(): SlotLease[] {
    return [...this.leases].filter(({ isAsking }) => isAsking);
  }

  /** True unless every engine is draining or gone. */
  private hasPossibleEngine(): boolean {
    return this.registry.list().some(({ state }) => state !== 'draining' && state !== 'gone');
  }

  /** Sets a timer for the next time at which a decision is due even if nothing changes. */
  private setTimer(): void {
    clearTimeout(this.timer);
    const queued = this.queue.list();
    if (queued.length === 0) return;
    const nowMs = monotonicMs();
    const times = queued.flatMap(({ sinceMs, mayPreempt }) => [
      sinceMs + (mayPreempt ? this.config.engineWaitTimeoutMs : BUSY_WAIT_MS),
      sinceMs + RELEASE_WAIT_MS,
      sinceMs + UNREACHED_WAIT_MS,
    ]);
    const overdue = [...this.leases]
      .filter(isTentative)
      .map(({ sinceMs }) => sinceMs + this.overdueMs);
    const hanging = [...this.leases]
      .filter((lease) => lease.state === 'released')
      .map(({ askedMs }) => askedMs + HANGING_MS);
    const isUnreached = queued.some(({ sinceMs }) => nowMs - sinceMs >= UNREACHED_WAIT_MS);
    const next = [
      ...times,
      ...overdue,
      ...hanging,
      ...(isUnreached ? [nowMs + UNREACHED_CHECK_MS] : []),
    ];
    const dueMs = Math.min(...next.filter((time) => time > nowMs));
    // A timer may fire slightly early; the review must not run before the decision is due.
    if (Number.isFinite(dueMs)) {
      this.timer = setTimeout(() => this.review(), Math.ceil(dueMs - nowMs) + 1);
    }
  }
}

/** The slots that the requests of one review have claimed so far. Requests claim slots in the order of service. */
interface Claims {
  /** Slots that are being released and that no request has claimed. */
  readonly becomingFree: Set<SlotLease>;
  /** Slots that were chosen to be preempted in this review. */
  readonly victims: Set<SlotLease>;
  /** False: victims are only chosen, and their leases are revoked when the present change is complete. */
  readonly mayPreempt: boolean;
}

/**
 * True if the lease is revoked or being released, or is released but still keeps its engine busy with an abandoned
 * start.
 */
function isBecomingFree(lease: SlotLease): boolean {
  return lease.isRevoked || lease.state === 'releasing' || lease.state === 'released';
}

/** True if another start may preempt the slot once it is overdue: its stream has no media yet. */
function isTentative({ class: slotClass, state, isRevoked }: SlotLease): boolean {
  const isWithoutMedia = state === 'reserved' || state === 'asking' || state === 'answered';
  return isWithoutMedia && !isRevoked && slotClass !== 'failover';
}

function preemptedBy(slotClass: SlotClass): SlotRevocation {
  const other = slotClass === 'failover' ? 'a running stream' : 'another start';
  return new SlotRevocation('preempted', `The slot of this stream was needed by ${other}.`);
}

function waitedTooLong(waitMs: number): AppError {
  return noCapacity(`Other starts kept this request waiting for ${waitMs / 1000} s.`);
}
