import type { Engine } from '../registry/engine';
import type { ProvisioningBlock } from '../drivers/engine-driver.port';
import type { FleetStatus } from './fleet.types';

/** The facts about an engine that `countEngines` uses. */
export type CountedEngine = Pick<Engine, 'state' | 'streamIds' | 'slotCount'>;

export interface EngineCounts {
  readonly total: number;
  /** Engines that have finished starting. */
  readonly running: number;
  readonly healthy: number;
  readonly unhealthy: number;
  /** Engines that may get streams. */
  readonly usable: number;
  /** Slots of the usable engines. */
  readonly slots: number;
  /** Distinct streams on all engines. */
  readonly streams: number;
  /** Streams on the usable engines; a stream on two engines counts twice. */
  readonly used: number;
}

/** @param usualSlots MAX_STREAMS_PER_ENGINE */
export function countEngines(engines: readonly CountedEngine[], usualSlots: number): EngineCounts {
  const usable = engines.filter(({ state }) => state === 'healthy' || state === 'suspect');
  return {
    total: engines.length,
    running: engines.filter(({ state }) => state !== 'starting').length,
    healthy: engines.filter(({ state }) => state === 'healthy').length,
    unhealthy: engines.filter(({ state }) => state === 'unhealthy').length,
    usable: usable.length,
    slots: usable.reduce((sum, engine) => sum + engine.slotCount(usualSlots), 0),
    streams: new Set(engines.flatMap(({ streamIds }) => streamIds)).size,
    used: usable.reduce((sum, { streamIds }) => sum + streamIds.length, 0),
  };
}

/** Why no further engine can be created now; null when one can. */
export function hindranceOf(fleet: FleetStatus): ProvisioningBlock | null {
  if (fleet.runtime === null) {
    const message = 'The engines are not run by acefleet.';
    return { code: 'not_managed', message, retryInMs: null };
  }
  if (fleet.blocked !== null) return fleet.blocked;
  const { maxReplicas } = fleet.limits;
  if (fleet.present < maxReplicas) return null;
  const message = `There are as many engines as MAX_REPLICAS allows: ${maxReplicas}.`;
  return { code: 'max_capacity', message, retryInMs: null };
}

export const OVERALL_STATES = ['healthy', 'degraded', 'unavailable'] as const;

export type OverallState = (typeof OVERALL_STATES)[number];

export interface Overall {
  readonly state: OverallState;
  /** Why it is not healthy; empty when it is. */
  readonly reasons: readonly string[];
}

/** The overall state: `healthy` and `degraded` fleets can start streams. */
export function overallOf(fleet: FleetStatus, counts: EngineCounts): Overall {
  // No engine is needed now, and the first viewer causes one to be created.
  const isAsleep = fleet.link?.state === 'connected' && fleet.wanted === 0 && counts.total === 0;
  const reasons: string[] = [];
  if (counts.usable === 0 && !isAsleep) reasons.push('no engine can be used');
  if (counts.unhealthy > 0) reasons.push(`${counts.unhealthy} unhealthy`);
  if (fleet.runtime !== null) {
    const { minReplicas } = fleet.limits;
    const isShort = counts.usable > 0 && counts.usable < minReplicas;
    if (isShort) reasons.push(`${counts.usable} of at least ${minReplicas} engines can be used`);
    if (fleet.blocked !== null) reasons.push(fleet.blocked.message);
    // A longer loss of the runtime blocks provisioning, so its reason is in the list already.
    if (fleet.link?.state === 'lost' && fleet.blocked?.code !== 'docker_unavailable') {
      reasons.push(`${fleet.runtime}: ${fleet.link.reason ?? 'lost'}`);
    }
  }
  const canServe = counts.usable > 0 || (isAsleep && reasons.length === 0);
  if (!canServe) return { state: 'unavailable', reasons };
  return { state: reasons.length === 0 ? 'healthy' : 'degraded', reasons };
}
