import { AppError, type ErrorCode } from '../../kernel/errors';
import type { EngineLogs, EngineUsage, ObservedEngine } from '../drivers/engine-runtime.port';
import { FleetControl, type ProvisionTicket } from './fleet-control';
import { toAppError } from './fleet-errors';
import type { FleetKeeper } from './fleet.keeper';
import type { FleetStatus, ProvisioningBlock } from './fleet.types';

const BY_OPERATOR = 'asked for by an operator';

/** What operators ask of a fleet that we keep: wishes for its keeper, and looks at single engines. */
export class ManagedFleet extends FleetControl {
  constructor(private readonly keeper: FleetKeeper) {
    super();
  }

  override status(): FleetStatus {
    const { seen, orders, gate, parts, decision, limits, blocked, decisions } = this.keeper;
    const records = seen.list();
    const starting = records.filter(({ seen: { id, phase }, isFresh }) => {
      if (phase !== 'running') return false;
      return !(parts.registry.get(id)?.hasStarted ?? !isFresh);
    });
    return {
      runtime: parts.runtime.kind,
      link: parts.runtime.link,
      image: parts.runtime.image,
      profile: parts.runtime.profile,
      wanted: decision?.wanted ?? 0,
      why: decision?.why ?? ['the engines have not been listed yet'],
      present: records.length + orders.pending + orders.asked,
      starting: starting.length + orders.pending,
      waiting: parts.demand.wantingEngine,
      limits,
      breaker: gate.view(),
      blocked,
      decisions: decisions.list(),
    };
  }

  override provision(): ProvisionTicket {
    const { blocked, limits, orders, seen } = this.keeper;
    if (blocked !== null) throw blockError(blocked);
    if (seen.list().length + orders.pending + orders.asked >= limits.maxReplicas) {
      throw new AppError(
        'no_capacity',
        `There are as many engines as MAX_REPLICAS allows: ${limits.maxReplicas}.`,
      );
    }
    return orders.ask();
  }

  override scaleTo(count: number): number {
    const { minReplicas, maxReplicas } = this.keeper.limits;
    const bounded = Math.min(Math.max(Math.trunc(count), minReplicas), maxReplicas);
    this.keeper.scaledTo = bounded;
    this.keeper.wake();
    return bounded;
  }

  override remove(engineId: string): void {
    this.find(engineId);
    this.keeper.condemn(engineId, BY_OPERATOR);
  }

  override async restart(engineId: string): Promise<void> {
    this.find(engineId);
    await this.ask(engineId, () => this.keeper.works.restart(engineId, BY_OPERATOR));
  }

  override async logs(engineId: string, lines: number): Promise<EngineLogs> {
    this.find(engineId);
    return this.ask(engineId, () => this.keeper.parts.runtime.logs(engineId, lines));
  }

  override async usage(engineId: string): Promise<EngineUsage> {
    this.find(engineId);
    return this.ask(engineId, () => this.keeper.parts.runtime.usage(engineId));
  }

  override seen(engineId: string): ObservedEngine {
    return this.find(engineId);
  }

  override async collectGarbage(): Promise<number> {
    const { keeper } = this;
    await keeper.lookNow();
    if (!keeper.link.isUp) {
      const reason = keeper.parts.runtime.link.reason ?? 'it does not answer';
      throw new AppError('docker_unavailable', `Docker cannot be asked: ${reason}.`);
    }
    const left = keeper.seen.list().filter(({ seen: { id, phase } }) => {
      return (phase === 'ended' || phase === 'created') && keeper.works.isRunning(id);
    });
    const removed = await Promise.all(
      left.map(({ seen: { id } }) => keeper.works.remove(id, BY_OPERATOR)),
    );
    return removed.filter(Boolean).length;
  }

  override resetBreaker(): void {
    this.keeper.gate.reset();
    this.keeper.wake();
  }

  private find(engineId: string): ObservedEngine {
    const record = this.keeper.seen.get(engineId);
    if (record === undefined) throw new AppError('not_found', 'No engine has this id.');
    return record.seen;
  }

  private async ask<T>(engineId: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      const failure = toAppError(error);
      if (failure.code !== 'runtime_refused' || !this.isGoing(engineId)) throw failure;
      throw new AppError('not_found', 'The engine is being removed.', { cause: error });
    }
  }

  /** What its runtime cannot do to an engine that goes, or went meanwhile, is no fault of the runtime. */
  private isGoing(engineId: string): boolean {
    const { seen, works } = this.keeper;
    return (seen.get(engineId)?.hasVanished ?? true) || works.isRemoving(engineId);
  }
}

const BLOCK_CODES: ReadonlySet<string> = new Set<ErrorCode>([
  'docker_unavailable',
  'image_missing',
  'provisioning_blocked',
]);

function blockError({ code, message, retryInMs }: ProvisioningBlock): AppError {
  const known = BLOCK_CODES.has(code) ? (code as ErrorCode) : 'provisioning_blocked';
  return new AppError(known, `No engine can be created now: ${message}.`, {
    ...(retryInMs === null ? {} : { retryAfterS: Math.ceil(retryInMs / 1000) }),
  });
}
