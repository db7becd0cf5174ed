import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { CONFIG } from '../config';
import { AppError } from '../kernel/errors';
import { CapacityWaiter } from './capacity-waiter';
import type { Engine } from './registry/engine';
import { EngineRegistry } from './registry/engine-registry';
import { EngineSupply } from './fleet/engine-supply';
import type { AcquireRequest, EngineLease } from './engine.types';
import type { EngineComplaint } from './registry/engine.types';
import type { EnginesConfig } from './engines.config';
import { EngineHealth } from './health/engine-health';
import { Reclaimers, type Reclaimer } from './reclaimers';
import type { ProvisioningBlock } from './drivers/engine-driver.port';
import { EngineSelector } from './selection/engine.selector';
import { servingOrder } from './serving-order';
import { WaitingRequests } from './waiting-requests';

/** More requests than this never wait at once; the limit of sessions is far below. */
const MAX_WAITING = 10_000;

/**
 * The face of the fleet for streams: a slot when there is one, a wait when one may come, an error as soon
 * as it is decided. Those who wait are served by `servingOrder`, within the very change that made a slot free, so
 * nobody who asks after that can take it from them.
 */
@Injectable()
export class EngineAllocator implements OnModuleDestroy {
  private readonly reclaimers = new Reclaimers();
  private readonly subscriptions: readonly (() => void)[];
  private isClosed = false;
  /** Of a crowd, who came last is served next; else, and before that, who came first. */
  private isNewestNext = false;

  constructor(
    @Inject(CONFIG) private readonly config: EnginesConfig,
    private readonly selector: EngineSelector,
    private readonly registry: EngineRegistry,
    private readonly supply: EngineSupply,
    private readonly health: EngineHealth,
    private readonly waiters: WaitingRequests,
  ) {
    this.subscriptions = [
      // Nobody can be served by a slot that was taken, and it may have been taken for who is under review.
      registry.subscribe(({ kind }) => {
        if (kind !== 'reserved') this.reviewAll();
      }),
      supply.subscribe(() => this.reviewAll()),
    ];
  }

  /**
   * A slot of the best engine, reserved in the same tick when one is free. Who gets a lease owns it and
   * releases it, also when its own signal aborts meanwhile.
   *
   * An id in `excluded` whose engine is starting is not excluded: its process is a new one and
   * has not failed on anything.
   *
   * @throws AppError `no_capacity` when the working engines are full, none of their slots is on its way to be free, could
   *   be given up for it or may be hoped for, and no engine is starting; `no_engine` when none works within ENGINE_WAIT_TIMEOUT, or none
   *   is there and none can be made now; also when nothing was reached at any address within 10 s;
   *   `engine_failed` when all are excluded; `shutting_down`. The reason of `signal` when it aborts.
   */
  async acquire(request: AcquireRequest): Promise<EngineLease> {
    request.signal.throwIfAborted();
    if (this.isClosed) throw shuttingDown();
    const excluded = this.excludedFor(request);
    const { streamId, isFirstStart, isWanted: whetherWanted } = request;
    const lease = this.selector.choose({ streamId, excluded, isFirstStart, whetherWanted });
    if (lease !== null) return lease;
    if (this.waiters.size >= MAX_WAITING) throw noCapacity('Too many requests wait for an engine.');
    return this.wait(request, excluded);
  }

  /**
   * Registers somebody who can give up a slot, such as a session that nobody watches any more. Asked when all
   * working engines are full; resolves true when it freed one. Returns what ends the registration.
   *
   * @param isLastResort somebody waits for what would be given up: asked when nobody else has anything
   */
  onCapacityNeeded(reclaim: Reclaimer, isLastResort = false): () => void {
    return this.reclaimers.add(reclaim, isLastResort);
  }

  /** What could be given up for those who wait, or what they may hope for, has changed. */
  reconsider(): void {
    if (this.waiters.size === 0) return;
    for (const waiter of this.waiters) waiter.askAgain();
    this.reviewAll();
  }

  /** What a stream lived through on its engine. The engine is doubted and probed at once. */
  complain(engineId: string, complaint: EngineComplaint): void {
    this.health.complain(engineId, complaint);
  }

  /** Whether the engine answers a health probe within `withinMs`; one probe serves all streams that ask. */
  answersNow(engineId: string, withinMs: number): Promise<boolean> {
    return this.health.answersNow(engineId, withinMs);
  }

  /** Whether there is an engine of this id. */
  knows(engineId: string): boolean {
    return this.registry.get(engineId) !== undefined;
  }

  /** Whether the engine reached its network at the last probe; true when that is not known. */
  isNetworkConnected(engineId: string): boolean {
    return this.registry.get(engineId)?.networkConnected !== false;
  }

  onModuleDestroy(): void {
    this.isClosed = true;
    for (const unsubscribe of this.subscriptions) unsubscribe();
    for (const waiter of this.waiters) waiter.fail(shuttingDown());
  }

  private async wait(request: AcquireRequest, excluded: ReadonlySet<string>): Promise<EngineLease> {
    const waiter = new CapacityWaiter({
      request,
      excluded,
      timeoutMs: this.config.engineWaitTimeoutMs,
      patienceMs: UNREACHED_WAIT_MS,
      onImpatient: (impatient) => this.giveUpUnreached(impatient),
      onTimeout: (late) => late.fail(this.timeoutError(late)),
      onSettled: (settled) => this.waiters.remove(settled),
    });
    this.waiters.add(waiter);
    this.review(waiter);
    const lease = await waiter.outcome;
    // Served and aborted within one tick: the caller has gone and would not release it.
    if (request.signal.aborted) {
      lease.release();
      request.signal.throwIfAborted();
    }
    return lease;
  }

  private reviewAll(): void {
    const slots = this.registry.list().length * this.config.maxStreamsPerEngine;
    const { line, isCrowd } = servingOrder([...this.waiters], slots, this.isNewestNext);
    let isServed = false;
    for (const waiter of line) {
      // A review may settle others: a lease that is given back serves the next in line.
      if (!waiter.settled) isServed = this.review(waiter) || isServed;
    }
    if (!isCrowd) this.isNewestNext = false;
    else if (isServed) this.isNewestNext = !this.isNewestNext;
  }

  /** Serves a waiter, or fails it as soon as waiting on would not help. True when it was served. */
  private review(waiter: CapacityWaiter): boolean {
    const lease = this.selector.choose(waiter);
    if (lease === null) this.judge(waiter);
    else waiter.succeed(lease);
    return lease !== null;
  }

  private judge(waiter: CapacityWaiter): void {
    const { canGrow } = this.supply;
    const blocked = canGrow || this.hasEngine() ? null : this.supply.blocked;
    if (blocked !== null) {
      waiter.fail(nothingComes(blocked));
      return;
    }
    const outlook = this.selector.outlook(waiter.excluded, canGrow);
    if (outlook !== 'full' && outlook !== 'full_growing') {
      // What was on its way, or hoped for, went with its engine.
      waiter.isHoping = false;
      this.setExpectsSlot(waiter, false);
    }
    switch (outlook) {
      case 'coming':
        if (!waiter.mayWait) {
          waiter.fail(new AppError('no_engine', 'No other engine works now.'));
          return;
        }
        // Those who had nothing to give may have something when the engines are back.
        waiter.askAgain();
        return;
      case 'full':
      case 'full_growing':
        this.judgeWhenFull(waiter, outlook === 'full_growing');
        return;
      case 'excluded':
        waiter.fail(new AppError('engine_failed', 'Every engine failed on this content.'));
        return;
      case 'none':
        waiter.fail(new AppError('no_engine', 'Every engine is being drained.'));
        return;
    }
  }

  private judgeWhenFull(waiter: CapacityWaiter, isGrowing: boolean): void {
    const expectsSlot = this.hasSlotOnTheWay(waiter);
    this.setExpectsSlot(waiter, expectsSlot);
    const isGrowingForIt = isGrowing && waiter.mayWait;
    waiter.isHoping = !isGrowingForIt && this.mayHope(waiter);
    if (expectsSlot || waiter.reclaim === 'asking') return;
    if (waiter.reclaim === 'not_asked' && waiter.isWanted) {
      void this.reclaimFor(waiter);
      return;
    }
    if (!waiter.isHoping && !isGrowingForIt) waiter.fail(full());
  }

  private setExpectsSlot(waiter: CapacityWaiter, expectsSlot: boolean): void {
    if (waiter.expectsSlot === expectsSlot) return;
    waiter.expectsSlot = expectsSlot;
    this.waiters.changed();
  }

  /** Who has something else to try does not wait for others: two that did, each with what the other wants, would for long. */
  private mayHope(waiter: CapacityWaiter): boolean {
    if (!waiter.mayWait) return false;
    const mayComeFree = waiter.isFirstStart && this.selector.mayComeFree(waiter.excluded);
    return mayComeFree || waiter.mayHope;
  }

  /** A slot is being given back for which nobody has waited longer: no reason to refuse, nor to take one from anybody. */
  private hasSlotOnTheWay(waiter: CapacityWaiter): boolean {
    if (!waiter.mayReclaim) return false;
    const slots = this.selector.slotsOnTheWay(waiter.excluded);
    return slots > 0 && this.waiters.countBefore(waiter) < slots;
  }

  /** A freed slot reaches the waiters through the registry; who asked for it may be served later than others. */
  private async reclaimFor(waiter: CapacityWaiter): Promise<void> {
    waiter.reclaim = 'asking';
    await this.reclaimers.ask(waiter.excluded, () => waiter.settled);
    waiter.reclaim = 'exhausted';
    if (!waiter.settled) this.review(waiter);
    this.waiters.changed();
  }

  /** One that works, or that may work again without anybody making a new one. */
  private hasEngine(): boolean {
    return this.registry.list().some(({ state }) => state !== 'draining' && state !== 'gone');
  }

  private excludedFor({ excluded, only }: AcquireRequest): ReadonlySet<string> {
    const still = [...excluded].filter((id) => this.registry.get(id)?.state !== 'starting');
    if (only === undefined) return new Set(still);
    const others = this.registry.list().filter(({ id }) => id !== only);
    return new Set([...still, ...others.map(({ id }) => id)]);
  }

  /** Addresses at which nothing was ever reached are most often wrong, and waiting on would hide that. */
  private giveUpUnreached(waiter: CapacityWaiter): void {
    const error = this.supply.canGrow ? null : unreached(this.registry.list());
    if (error !== null) waiter.fail(error);
  }

  private timeoutError(waiter: CapacityWaiter): AppError {
    const outlook = this.selector.outlook(waiter.excluded, false);
    if (outlook === 'full' || outlook === 'full_growing') return full();
    const nothing = unreached(this.registry.list());
    if (nothing !== null) return nothing;
    const states = this.registry.list().map(describe);
    const known = states.length === 0 ? 'none is known' : states.slice(0, 10).join('; ');
    const seconds = this.config.engineWaitTimeoutMs / 1000;
    return new AppError('no_engine', `No engine became usable within ${seconds} s (${known}).`);
  }
}

/** Engines may start later than we do, so that nobody is refused at once. */
const UNREACHED_WAIT_MS = 10_000;

const RETRY_LEAST_S = 5;
const RETRY_MOST_S = 300;

function nothingComes({ message, retryInMs }: ProvisioningBlock): AppError {
  const seconds = Math.ceil((retryInMs ?? 0) / 1000);
  return new AppError('no_engine', `There is no engine: ${message}`, {
    retryAfterS: Math.min(Math.max(seconds, RETRY_LEAST_S), RETRY_MOST_S),
  });
}

/** Null when something was reached, or when what is wrong is something else. */
function unreached(engines: readonly Engine[]): AppError | null {
  const counts = new Map<string, number>();
  for (const { unreached: reason } of engines) {
    if (reason === null) return null;
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  if (counts.size === 0) return null;
  const reasons = [...counts].map(([reason, count]) => `${reason} (${count})`).join(', ');
  const of = engines.length === 1 ? 'The one engine' : `None of ${engines.length} engines`;
  const verb = engines.length === 1 ? 'has never answered' : 'has ever answered';
  return new AppError('no_engine', `${of} ${verb}: ${reasons}.`, { retryAfterS: RETRY_LEAST_S });
}

function describe({ id, state, lastMiss }: Engine): string {
  return lastMiss === null ? `${id} ${state}` : `${id} ${state}: ${lastMiss}`;
}

function full(): AppError {
  return noCapacity('Every working engine is full.');
}

function noCapacity(detail: string): AppError {
  return new AppError('no_capacity', detail);
}

function shuttingDown(): AppError {
  return new AppError('shutting_down', 'The process is about to end.');
}
