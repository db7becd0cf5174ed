import type { FleetEngine, FleetLimits, FleetSnapshot } from './fleet.types';

export const LIMITS: FleetLimits = {
  minReplicas: 2,
  minFreeReplicas: 1,
  maxReplicas: 6,
  maxStreamsPerEngine: 3,
  parallelStarts: 2,
  gracePeriodMs: 60_000,
  startTimeoutMs: 90_000,
  replacementCooldownMs: 60_000,
  maxAgeMs: 0,
  maxStarts: 0,
};

/** A healthy engine that has been idle for 10 s. */
export function anEngine(id: string, over: Partial<FleetEngine> = {}): FleetEngine {
  return {
    id,
    phase: 'running',
    state: over.drainedBy == null ? 'healthy' : 'draining',
    streams: 0,
    watchedStreams: over.streams ?? 0,
    leavingStreams: 0,
    idleMs: (over.streams ?? 0) > 0 ? 0 : 10_000,
    ageMs: 600_000,
    starts: 5,
    hasStarted: true,
    upMs: 600_000,
    unhealthyMs: over.state === 'unhealthy' ? 30_000 : 0,
    disconnectedMs: 0,
    isRequested: false,
    isOutdated: false,
    rollout: null,
    vpn: null,
    forwarded: false,
    drainedBy: null,
    objection: null,
    missedListings: 0,
    hasVanished: false,
    isBusy: false,
    isBeingRemoved: false,
    pausedMs: 0,
    ...over,
  };
}

export function aStart(id: string, over: Partial<FleetEngine> = {}): FleetEngine {
  return anEngine(id, {
    state: 'starting',
    hasStarted: false,
    upMs: 5_000,
    ageMs: 5_000,
    idleMs: 0,
    starts: 0,
    ...over,
  });
}

export function aSnapshot(
  engines: readonly FleetEngine[],
  over: Partial<Omit<FleetSnapshot, 'limits'>> & { readonly limits?: Partial<FleetLimits> } = {},
): FleetSnapshot {
  return {
    engines,
    external: [],
    pendingRequests: 0,
    beingReplaced: new Set(),
    waiting: 0,
    scaledTo: null,
    operatorRequests: 0,
    sinceReplacementMs: null,
    mayProvision: true,
    ...over,
    limits: { ...LIMITS, ...over.limits },
  };
}
