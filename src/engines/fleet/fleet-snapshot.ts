import { monotonicMs } from '../../kernel/clock';
import { viewOf } from '../../config';
import type { EnginesConfig } from '../engines-config';
import type { Engine } from '../registry/engine';
import type {
  EnginePlacement,
  PlacedEngine,
  PlacementObjection,
} from '../vpn/engine-placement.port';
import type { FleetEngine, FleetLimits, RolloutCause } from './fleet.types';
import type { ObservedRecord } from './observed-engines';

const LIMITS = {
  minReplicas: 'minReplicas',
  minFreeReplicas: 'minFreeReplicas',
  maxReplicas: 'maxReplicas',
  maxStreamsPerEngine: 'maxStreamsPerEngine',
  parallelStarts: 'engineParallelStarts',
  gracePeriodMs: 'engineGracePeriodMs',
  startTimeoutMs: 'engineStartTimeoutMs',
  replacementCooldownMs: 'engineReplacementCooldownMs',
  maxAgeMs: 'engineMaxAgeMs',
  maxStarts: 'engineMaxStarts',
} as const satisfies Record<keyof FleetLimits, keyof EnginesConfig>;

/** The settings that `limitsOf` reads. */
export const FLEET_LIMITS = Object.values(LIMITS);

/** The limits of the fleet; each is read from the settings when it is used. */
export function limitsOf(config: EnginesConfig): FleetLimits {
  return viewOf(config, LIMITS);
}

/** The sources of facts about engines, in addition to the listing. */
export interface FactSources {
  readonly engine: (id: string) => Engine | undefined;
  readonly isBusy: (record: ObservedRecord) => boolean;
  readonly isBeingRemoved: (id: string) => boolean;
  readonly rolloutCause: (observed: ObservedRecord['observed']) => RolloutCause | null;
  readonly placement: EnginePlacement;
  /** Engines that count for placement, including those that are being created. */
  readonly present: readonly PlacedEngine[];
  /** Hash of an engine that is created with the present settings. */
  readonly specHash: string;
  /** True if the engine's limits are not the present ones, and cannot be changed while it runs. */
  readonly hasOldLimits: (id: string) => boolean;
  readonly startTimeoutMs: number;
}

/** Combines what the runtime listed and what the registry knows about each engine into the facts for decisions. */
export function freezeEngines(
  records: readonly ObservedRecord[],
  sources: FactSources,
): FleetEngine[] {
  const objections = sources.placement.objections(sources.present);
  return records.map((record) =>
    freeze(record, sources, objections.get(record.observed.id) ?? null),
  );
}

export function placedEngines(
  records: readonly ObservedRecord[],
  engine: FactSources['engine'],
): PlacedEngine[] {
  return records.map(({ observed: { id, vpn, forwardedPort } }) => ({
    id,
    vpn,
    forwardedPort,
    streams: engine(id)?.leases.size ?? 0,
  }));
}

function freeze(
  record: ObservedRecord,
  {
    engine: engineOf,
    isBusy,
    isBeingRemoved,
    rolloutCause,
    specHash,
    hasOldLimits,
    startTimeoutMs,
  }: FactSources,
  objection: PlacementObjection | null,
): FleetEngine {
  const { observed } = record;
  const engine = engineOf(observed.id);
  const now = monotonicMs();
  const since = (at: number | null | undefined): number => (at == null ? 0 : now - at);
  const upMs = now - record.incarnationSince;
  const hasNoAddress = observed.phase === 'running' && observed.endpoint === null;
  // A young process that has had no address yet may be about to get one, so its start is not over, even if an earlier
  // process of the engine has answered.
  const mayGetAddress = hasNoAddress && !record.hadAddress && upMs <= startTimeoutMs;
  return {
    id: observed.id,
    phase: observed.phase,
    state: hasNoAddress ? null : (engine?.state ?? null),
    streams: engine?.leases.size ?? 0,
    watchedStreams: engine?.watchedSlots ?? 0,
    leavingStreams: [...(engine?.leases ?? [])].filter(({ isRevoked }) => isRevoked).length,
    idleMs: engine?.idleMs ?? 0,
    ageMs: Math.max(Date.now() - observed.createdAt.getTime(), 0),
    starts: engine?.starts ?? 0,
    // An engine that existed before this process, and that it has not reached yet, counts as started: its start
    // cannot fail any more.
    hasStarted: (engine?.hasStarted ?? !record.isFresh) && !mayGetAddress,
    upMs,
    unhealthyMs: since(engine?.unhealthySince),
    disconnectedMs: since(engine?.disconnectedSince),
    isRequested: record.isRequested,
    isOutdated: observed.specHash !== specHash || hasOldLimits(observed.id),
    rollout: rolloutCause(observed),
    vpn: observed.vpn?.vpn ?? null,
    forwarded: observed.forwardedPort !== null,
    drainedBy: engine?.drainedBy ?? null,
    objection,
    missedListings: record.missedListings,
    hasVanished: record.hasVanished,
    isBusy: isBusy(record),
    isBeingRemoved: isBeingRemoved(observed.id),
    pausedMs: since(record.pausedSince),
  };
}
