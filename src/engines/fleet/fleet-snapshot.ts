import { monotonicMs } from '../../kernel/clock';
import type { Engine } from '../registry/engine';
import type { EnginesConfig } from '../engines.config';
import type { EnginePlacement, PlacedEngine } from './engine-placement.port';
import type { FleetEngine, FleetLimits } from './fleet.types';
import type { PlacementObjection } from './engine-placement.port';
import type { SeenRecord } from './seen-engines';

export function limitsOf(config: EnginesConfig): FleetLimits {
  return {
    minReplicas: config.minReplicas,
    minFreeReplicas: config.minFreeReplicas,
    maxReplicas: config.maxReplicas,
    maxStreamsPerEngine: config.maxStreamsPerEngine,
    parallelStarts: config.engineParallelStarts,
    gracePeriodMs: config.engineGracePeriodMs,
    startTimeoutMs: config.engineStartTimeoutMs,
    replacementCooldownMs: config.engineReplacementCooldownMs,
    maxAgeMs: config.engineMaxAgeMs,
    maxStarts: config.engineMaxStarts,
  };
}

/** Where facts about engines come from, beside the runtime. */
export interface FactSources {
  readonly engine: (id: string) => Engine | undefined;
  readonly isBusy: (record: SeenRecord) => boolean;
  readonly isBeingRemoved: (id: string) => boolean;
  readonly placement: EnginePlacement;
  /** What placement looks at: ordered engines have their places already. */
  readonly placed: readonly PlacedEngine[];
  /** Of an engine that is made with the settings of now. */
  readonly specHash: string;
  readonly startTimeoutMs: number;
}

/** Each engine that is there as decisions see it: what the runtime shows and what the registry knows. */
export function freezeEngines(records: readonly SeenRecord[], sources: FactSources): FleetEngine[] {
  const objections = sources.placement.objections(sources.placed);
  return records.map((record) => freeze(record, sources, objections.get(record.seen.id) ?? null));
}

export function placedEngines(
  records: readonly SeenRecord[],
  engine: FactSources['engine'],
): PlacedEngine[] {
  return records.map(({ seen: { id, vpn, forwardedPort } }) => ({
    id,
    vpn,
    forwardedPort,
    streams: engine(id)?.leases.size ?? 0,
  }));
}

function freeze(
  record: SeenRecord,
  { engine: engineOf, isBusy, isBeingRemoved, specHash, startTimeoutMs }: FactSources,
  objection: PlacementObjection | null,
): FleetEngine {
  const { seen } = record;
  const engine = engineOf(seen.id);
  const now = monotonicMs();
  const since = (at: number | null | undefined): number => (at == null ? 0 : now - at);
  const upMs = now - record.incarnationSince;
  const hasNoAddress = seen.phase === 'running' && seen.endpoint === null;
  // A process that is young and never had one may be about to get it, whatever the process before it had done.
  const mayGetAddress = hasNoAddress && !record.hadAddress && upMs <= startTimeoutMs;
  return {
    id: seen.id,
    phase: seen.phase,
    state: hasNoAddress ? null : (engine?.state ?? null),
    streams: engine?.leases.size ?? 0,
    wantedStreams: engine?.wantedSlots ?? 0,
    leavingStreams: [...(engine?.leases ?? [])].filter(({ revoked }) => revoked.aborted).length,
    idleMs: engine?.idleMs ?? 0,
    ageMs: Math.max(Date.now() - seen.createdAt.getTime(), 0),
    starts: engine?.starts ?? 0,
    // Of one that was there before us, and never was reached since, nothing is known: no fault is found with its start.
    hasStarted: (engine?.hasStarted ?? !record.isFresh) && !mayGetAddress,
    upMs,
    unhealthyMs: since(engine?.unhealthySince),
    disconnectedMs: since(engine?.disconnectedSince),
    isAskedFor: record.isAskedFor,
    isOutdated: seen.specHash !== specHash,
    vpn: seen.vpn?.vpn ?? null,
    forwarded: seen.forwardedPort !== null,
    drainedBy: engine?.drainedBy ?? null,
    objection,
    missedLooks: record.missedLooks,
    hasVanished: record.hasVanished,
    isBusy: isBusy(record),
    isBeingRemoved: isBeingRemoved(seen.id),
    pausedMs: since(record.pausedSince),
  };
}
