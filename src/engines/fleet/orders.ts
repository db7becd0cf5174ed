import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { EventBus } from '../../events';
import { AppError } from '../../kernel/errors';
import { Settleable } from '../../kernel/settleable';
import {
  type EngineRuntime,
  RuntimeError,
  type RuntimeErrorCode,
  type VpnSlot,
} from '../drivers/engine-runtime.port';
import type { Engine } from '../registry/engine';
import type { EnginePlacement, PlacedEngine } from './engine-placement.port';
import { toAppError, toRuntimeError } from './fleet-errors';
import type { ProvisionTicket } from './fleet-control';
import type { ProvisioningGate } from './provisioning-gate';
import type { SeenEngines } from './seen-engines';

const KEY_BYTES = 6;

/** Failures that tell nothing about engines: Docker, a registry or a VPN is away and may be back any moment. */
const NOT_ENGINES: ReadonlySet<RuntimeErrorCode> = new Set([
  'docker_unavailable',
  'image_missing',
  'no_place',
]);

/**
 * - `asked`: an operator wants it, nothing was begun
 * - `under_way`: the runtime makes it
 * - `starting`: it was made and has not answered yet
 */
type Stage = 'asked' | 'under_way' | 'starting';

interface Order {
  readonly key: string;
  readonly ready: Settleable<Engine>;
  /** An operator asked for it. */
  readonly isExtra: boolean;
  stage: Stage;
  replaces: string | null;
  vpnSlot: VpnSlot | null;
  engineId: string | null;
}

export interface OrdersDuties {
  readonly runtime: EngineRuntime;
  readonly placement: EnginePlacement;
  readonly seen: SeenEngines;
  readonly gate: ProvisioningGate;
  readonly events: EventBus;
  /** The engines that are there, without those that are still ordered. */
  readonly present: () => readonly PlacedEngine[];
  /** Something has come further: time to think again. */
  readonly changed: () => void;
}

/** Engines from the wish for one until its first answer. What becomes of a start opens or closes the gate. */
export class Orders {
  private readonly logger = new Logger('Fleet');
  private readonly orders = new Map<string, Order>();
  private readonly aborting = new AbortController();
  private readonly tasks = new Set<Promise<void>>();

  constructor(private readonly duties: OrdersDuties) {}

  /** Ordered, and not shown by any look yet. */
  get pending(): number {
    return this.at('under_way').filter(({ key }) => !this.duties.seen.hasKey(key)).length;
  }

  get underWay(): number {
    return this.at('under_way').length;
  }

  get starting(): number {
    return this.at('starting').length;
  }

  /** Wished for by operators, and not begun. */
  get asked(): number {
    return this.at('asked').length;
  }

  /** Wished for by operators, and not there yet. */
  get extra(): number {
    const { seen } = this.duties;
    return this.at('asked', 'under_way').filter(({ isExtra, key }) => isExtra && !seen.hasKey(key))
      .length;
  }

  /** The engines whose successors are being made, or have not answered yet. */
  get beingReplaced(): ReadonlySet<string> {
    const ids = this.at('under_way', 'starting').map(({ replaces }) => replaces);
    return new Set(ids.filter((id) => id !== null));
  }

  isUnderWay(key: string): boolean {
    return this.orders.get(key)?.stage === 'under_way';
  }

  /** Every engine that takes a place: those that are there, and those that will be. */
  placed(): PlacedEngine[] {
    const coming = this.at('under_way').filter(({ key }) => !this.duties.seen.hasKey(key));
    return [
      ...this.duties.present(),
      ...coming.map(({ key, vpnSlot }) => ({
        id: key,
        vpn: vpnSlot,
        forwardedPort: vpnSlot?.forwardedPort ?? null,
        streams: 0,
      })),
    ];
  }

  /** Wants one engine more; it is ordered when the plan comes to it. */
  ask(): ProvisionTicket {
    const order = this.make('asked', true);
    this.duties.changed();
    return { key: order.key, ready: order.ready.promise };
  }

  /** Orders one, for an operator who asked first; false when it must not be made now. */
  begin(why: string, replaces: string | null): boolean {
    const place = this.duties.placement.next(this.placed());
    if (place.kind === 'blocked' || !this.duties.gate.begin()) return false;
    const asked = replaces === null ? this.at('asked')[0] : undefined;
    const order = asked ?? this.make('asked', false);
    order.stage = 'under_way';
    order.replaces = replaces;
    order.vpnSlot = place.vpnSlot;
    this.logger.log(`engine ordered: ${why}`);
    this.duties.events.publish('engine_ordered', { order: order.key, reason: why });
    const task = this.carryOut(order).finally(() => {
      this.tasks.delete(task);
      this.duties.changed();
    });
    this.tasks.add(task);
    return true;
  }

  /** Looks which of those that were made have answered, and which will not. */
  review(engine: (id: string) => Engine | undefined): void {
    for (const order of this.at('starting')) {
      const id = order.engineId ?? '';
      const known = engine(id);
      if (known?.hasStarted === true) {
        this.close(order);
        order.ready.resolve(known);
        this.duties.gate.succeed();
      } else if (this.duties.seen.get(id) === undefined) {
        this.close(order);
        order.ready.reject(
          new AppError('conflict', 'The engine was removed before it had started.'),
        );
        this.duties.gate.abandon();
      } else if (known?.drainedBy === 'operator' && !known.mayStillStart) {
        // The engine is the operator's, and stays. Its start is ours: without an end it would hold the breaker's one try.
        this.fail(
          order,
          new RuntimeError('start_timeout', 'drained, and no answer since its start'),
        );
      }
    }
  }

  /** An engine that was made has failed at its start; of others nothing follows. */
  failStart(engineId: string, code: 'start_timeout' | 'engine_exited', why: string): void {
    const order = this.at('starting').find((one) => one.engineId === engineId);
    if (order !== undefined) this.fail(order, new RuntimeError(code, why));
  }

  /**
   * The runtime gives no answer: operators who wait are told at once and not when its calls are given up. What is
   * under way goes on without them.
   */
  tellWaiting(error: unknown): void {
    for (const order of this.at('asked', 'under_way')) {
      if (order.stage === 'asked') this.close(order);
      order.ready.reject(toAppError(error));
    }
  }

  /** Begins nothing more and gives up what is under way; resolves when the runtime has let go of it. */
  async stop(): Promise<void> {
    this.aborting.abort(new Error('the program ends'));
    await Promise.all(this.tasks);
    for (const order of [...this.orders.values()]) {
      this.close(order);
      order.ready.reject(new AppError('shutting_down', 'The process is about to end.'));
    }
  }

  private async carryOut(order: Order): Promise<void> {
    const { runtime, seen, gate } = this.duties;
    try {
      const made = await runtime.provision(
        { key: order.key, vpnSlot: order.vpnSlot },
        this.aborting.signal,
      );
      order.stage = 'starting';
      order.engineId = made.id;
      seen.add(made, order.isExtra);
    } catch (error) {
      // What a look showed of it was cleaned up by the runtime.
      for (const { seen: one } of seen.list()) if (one.key === order.key) seen.drop(one.id);
      if (this.aborting.signal.aborted) gate.abandon();
      else this.fail(order, error);
    }
  }

  private fail(order: Order, error: unknown): void {
    const { code, message, retryAfterMs } = toRuntimeError(error);
    this.close(order);
    order.ready.reject(toAppError(error));
    this.logger.warn(`an engine could not be started: ${message} (${code})`);
    this.duties.events.publish('engine_order_failed', { order: order.key, code, reason: message });
    this.duties.gate.fail({ code, message, isEngines: !NOT_ENGINES.has(code), retryAfterMs });
  }

  private make(stage: Stage, isExtra: boolean): Order {
    const key = randomBytes(KEY_BYTES).toString('hex');
    const ready = new Settleable<Engine>();
    const order = { key, ready, isExtra, stage, replaces: null, vpnSlot: null, engineId: null };
    this.orders.set(key, order);
    return order;
  }

  private close(order: Order): void {
    this.orders.delete(order.key);
  }

  private at(...stages: readonly Stage[]): Order[] {
    return [...this.orders.values()].filter(({ stage }) => stages.includes(stage));
  }
}
