import { Injectable, Logger } from '@nestjs/common';
import { EventBus } from '../../events';
import { monotonicMs } from '../../kernel/clock';
import { Engine } from './engine';
import { canMove } from './engine-state';
import type {
  DrainedBy,
  DrainReason,
  EngineDescription,
  EngineSink,
  EngineState,
} from './engine.types';
import { SlotRevocation, type HeldSlot } from './held-slot';

/**
 * A change of an engine, for other modules:
 * - `announced`: the engine has an address from now on (new, or the same id restarted);
 * - `lost`: its process has ended, or has lost its address; its address must not be used until the next `announced`;
 * - `removed`: it is gone for good;
 * - `moved`: its state has changed;
 * - `occupied`, `vacated`: one of its slots was taken, or is free again.
 */
export type RegistryChange =
  | {
      readonly kind: 'announced' | 'lost' | 'removed' | 'occupied' | 'vacated';
      readonly engine: Engine;
    }
  | { readonly kind: 'moved'; readonly engine: Engine; readonly from: EngineState };

/**
 * Every engine that the driver has announced. An engine's state and slots change only through this class. Listeners
 * run synchronously within the change, so that a free slot goes to the first waiting request before any other caller
 * can take it.
 */
@Injectable()
export class EngineRegistry implements EngineSink {
  private readonly logger = new Logger(EngineRegistry.name);
  private readonly engines = new Map<string, Engine>();
  private readonly listeners = new Set<(change: RegistryChange) => void>();
  private reservations = 0;

  constructor(private readonly events: EventBus) {}

  list(): Engine[] {
    return [...this.engines.values()];
  }

  get(id: string): Engine | undefined {
    return this.engines.get(id);
  }

  /** False only if the engine's last answer reported that it has no network. */
  isNetworkConnected(id: string): boolean {
    return this.engines.get(id)?.networkConnected !== false;
  }

  /** False if there is no engine, or if every engine reports that it has no network, so that no content plays. */
  get isAnyConnected(): boolean {
    return [...this.engines.keys()].some((id) => this.isNetworkConnected(id));
  }

  /** Calls `listener` with every change from now on; returns the function that unsubscribes. */
  subscribe(listener: (change: RegistryChange) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  announce(
    description: EngineDescription,
    startBudgetMs = 0,
    incarnation: string | null = null,
  ): void {
    const known = this.engines.get(description.id);
    const engine = known ?? new Engine(description, startBudgetMs);
    const { host, port } = description.endpoint;
    engine.incarnation = incarnation;
    if (known === undefined) {
      this.engines.set(engine.id, engine);
      this.logger.log(`engine ${engine.id} added at ${host}:${port}`);
      this.events.publish('engine_added', { engine_id: engine.id, host, port });
    } else {
      engine.reannounce(description, startBudgetMs);
      this.logger.log(`engine ${engine.id} is back at ${host}:${port}`);
      this.restart(engine, `restarted at ${host}:${port}`);
    }
    this.notify({ kind: 'announced', engine });
  }

  lose(id: string, reason: string, isCutOff = false): void {
    const engine = this.engines.get(id);
    if (engine === undefined) return;
    engine.clearProbeFacts();
    engine.incarnation = null;
    this.restart(engine, reason);
    if (isCutOff) this.evict(engine, reason);
    this.notify({ kind: 'lost', engine });
  }

  remove(id: string, reason: string): void {
    const engine = this.engines.get(id);
    if (engine === undefined) return;
    this.engines.delete(id);
    this.transition(engine, 'gone', reason);
    this.evict(engine, reason);
    this.events.publish('engine_removed', { engine_id: id, reason });
    this.notify({ kind: 'removed', engine });
  }

  /**
   * Changes the state of an engine. Nothing happens when it is in that state already.
   *
   * @throws Error if the state table does not contain the transition, which is a bug in the caller
   */
  transition(engine: Engine, to: EngineState, reason: string): void {
    const from = engine.state;
    if (from === to) return;
    if (!canMove(from, to)) throw new Error(`engine ${engine.id} cannot go from ${from} to ${to}`);
    engine.state = to;
    engine.unhealthySince = to === 'unhealthy' ? monotonicMs() : null;
    const line = `engine ${engine.id}: ${from} -> ${to} (${reason})`;
    if (to === 'suspect' || to === 'unhealthy' || to === 'gone') this.logger.warn(line);
    else this.logger.log(line);
    this.events.publish('engine_state_changed', { engine_id: engine.id, from, to, reason });
    // Its media may still flow, so its streams are asked to leave by planned moves, when other engines have room.
    if (to === 'unhealthy') engine.drainRequested.set(`unhealthy: ${reason}`);
    // Withdrawn only when the engine is healthy: if it fails further or its process restarts, its streams need the
    // move even more.
    else if (to === 'healthy') engine.drainRequested.set(null);
    this.notify({ kind: 'moved', engine, from });
  }

  /**
   * Drains an engine: it gets no new streams, and its present streams are asked to leave by planned moves when other
   * engines have room. A second call replaces the reason, but the fleet never changes an operator's drain.
   */
  drain(
    engine: Engine,
    detail: string,
    by: DrainedBy = 'operator',
    reason: DrainReason = 'operator',
  ): void {
    if (by === 'fleet' && engine.drainedBy === 'operator') return;
    engine.drainReason = reason;
    engine.drainDetail = detail;
    engine.drainedBy = by;
    this.transition(engine, 'draining', detail);
    engine.drainRequested.set(detail);
  }

  /**
   * Ends the drain of an engine, which becomes `starting` until a probe is answered. No effect unless the engine is
   * draining.
   */
  undrain(engine: Engine): void {
    if (engine.state !== 'draining') return;
    engine.drainReason = null;
    engine.drainDetail = null;
    engine.drainedBy = null;
    engine.drainRequested.set(null);
    this.transition(engine, 'starting', 'drain lifted');
  }

  /** Revokes the slot of every stream on the engine. Each stream holds its slot until it releases it. */
  evict(engine: Engine, reason: string): void {
    const revocation = new SlotRevocation('engine_withdrawn', reason);
    for (const slot of [...engine.leases]) slot.revoke(revocation);
  }

  /** Records that the slot is held. The scheduler has checked that one is free. */
  occupy(engine: Engine, slot: HeldSlot): void {
    engine.leases.add(slot);
    engine.starts += 1;
    engine.lastReservation = this.reservations += 1;
    this.notify({ kind: 'occupied', engine });
  }

  /** Records that a program outside of acefleet uses the engine, whose starts are not counted for that. */
  occupyReported(engine: Engine, slot: HeldSlot): void {
    engine.leases.add(slot);
    this.notify({ kind: 'occupied', engine });
  }

  /** Releases a slot. No effect if the engine is gone. */
  vacate(engineId: string, slot: HeldSlot): void {
    const engine = this.engines.get(engineId);
    if (engine?.leases.delete(slot) !== true) return;
    engine.recordRelease(slot.isCheckOnly);
    this.notify({ kind: 'vacated', engine });
  }

  private restart(engine: Engine, reason: string): void {
    if (engine.state !== 'draining') this.transition(engine, 'starting', reason);
  }

  private notify(change: RegistryChange): void {
    for (const listener of [...this.listeners]) listener(change);
  }
}
