import {
  type ClassifiedEngine,
  type ClassifiedFleet,
  classifyEngines,
  compareText,
} from './engine-disposition';
import type { FleetEngine, FleetSnapshot, ScaleDecision } from './fleet.types';

interface Demand {
  readonly count: number;
  readonly why: string;
}

/**
 * How many engines there should be now, why, and which of the present engines are surplus.
 *
 * The minimum, the engines in use and the look-ahead do not depend on how many engines are idle. Adding or removing an
 * engine does not change them, so the fleet cannot alternate between the two. Waiting slot requests and engines requested
 * by operators do depend on it, but while there are any, no engine is surplus.
 */
export function decideScale(snapshot: FleetSnapshot): ScaleDecision {
  const fleet = classifyEngines(snapshot);
  const most = snapshot.limits.maxReplicas;
  const floor = floorOf(snapshot);
  const demands = [
    inUse(snapshot, fleet),
    lookAhead(snapshot, fleet),
    waitingRequests(snapshot, fleet),
  ]
    .filter(({ count }) => count > floor.count)
    .sort((a, b) => b.count - a.count);
  const otherDemands = [...demands, floor];
  const requested = requestedByOperator(
    snapshot,
    fleet,
    Math.max(...otherDemands.map(({ count }) => count)),
  );
  const all = requested === null ? otherDemands : [requested, ...otherDemands];
  const wanted = Math.min(Math.max(...all.map(({ count }) => count)), most);
  const isCapped = all.some(({ count }) => count > most);
  const why = all.map((demand) => demand.why);
  return {
    wanted,
    why: isCapped ? [`more than ${most} are not allowed (MAX_REPLICAS)`, ...why] : why,
    surplus: surplusOf(snapshot, fleet, wanted),
  };
}

function floorOf({ limits, scaledTo }: FleetSnapshot): Demand {
  if (scaledTo !== null && scaledTo > limits.minReplicas) {
    return { count: scaledTo, why: `an operator requested ${scaledTo}` };
  }
  return {
    count: limits.minReplicas,
    why: `never fewer than ${limits.minReplicas} (MIN_REPLICAS)`,
  };
}

/**
 * Engines with watched streams, and those to be kept free. Streams on engines that fail or are removed need a slot on
 * another engine soon, so they count. Streams on engines that are drained stay where they are until they end, so they
 * do not count. Free engines that somebody else runs need not be kept free a second time.
 */
function inUse({ limits, external }: FleetSnapshot, fleet: ClassifiedFleet): Demand {
  const demanding = [
    ...fleet.serving,
    ...fleet.of('failing', 'cut_off', 'lost', 'stuck', 'ended', 'removing'),
  ];
  const occupied = demanding.filter(({ engine }) => engine.watchedStreams > 0).length;
  const freeElsewhere = external.filter(({ watchedStreams }) => watchedStreams === 0).length;
  const toKeepFree = Math.max(0, limits.minFreeReplicas - freeElsewhere);
  return {
    count: occupied + toKeepFree,
    why: `${occupied} in use and ${toKeepFree} to be kept free (MIN_FREE_REPLICAS)`,
  };
}

/**
 * Look-ahead: while any engine is nearly full, two engines that are not nearly full are wanted. So an engine is added
 * when only one such engine is left. Nearly full means one stream short of full, and at least one stream: where an
 * engine takes only one stream, an empty engine is not nearly full.
 * Engines that somebody else runs count in both ways, and are subtracted, because the fleet creates the others.
 */
function lookAhead({ limits, external }: FleetSnapshot, fleet: ClassifiedFleet): Demand {
  const isNear = (watchedStreams: number, slots: number): boolean =>
    watchedStreams >= Math.max(1, slots - 1);
  const near =
    fleet.serving.filter(({ engine }) => isNear(engine.watchedStreams, limits.maxStreamsPerEngine))
      .length +
    external.filter(({ watchedStreams, slots }) => isNear(watchedStreams, slots)).length;
  return {
    count: near === 0 ? 0 : near + 2 - external.length,
    why: `${near} nearly full; two more than that are wanted (look-ahead)`,
  };
}

/**
 * Demand of queued slot requests, for which the working engines have no slot. So further engines are wanted, as many
 * as these requests need. Engines that are starting count as such further engines; the streams on them, which hold
 * some of their slots, are added to the requests.
 */
function waitingRequests({ limits, waiting }: FleetSnapshot, fleet: ClassifiedFleet): Demand {
  const kept = fleet
    .of('starting', 'released')
    .reduce((streams, { engine }) => streams + engine.streams, 0);
  const further = Math.ceil((waiting + kept) / limits.maxStreamsPerEngine);
  return {
    count: waiting === 0 ? 0 : fleet.working.length + further,
    why: `${waiting} requests wait for a slot`,
  };
}

/**
 * Engines that operators requested are wanted in addition to the existing engines, and in addition to those that are
 * wanted for other reasons.
 */
function requestedByOperator(
  { operatorRequests, pendingRequests }: FleetSnapshot,
  { serving }: ClassifiedFleet,
  otherwise: number,
): Demand | null {
  const further = operatorRequests - pendingRequests;
  if (further <= 0) return null;
  return {
    count: Math.max(otherwise, serving.length + pendingRequests) + further,
    why: `${further} more requested by an operator`,
  };
}

/**
 * Ready engines above `wanted` that have had no stream for ENGINE_GRACE_PERIOD, in the order of their removal.
 * Engines with a forwarded port go last, because they reach more peers. Among the others, an engine of the VPN with
 * the most engines goes first, so that placement need not rebalance; then the oldest.
 */
function surplusOf(
  { limits }: FleetSnapshot,
  fleet: ClassifiedFleet,
  wanted: number,
): readonly string[] {
  const staying = new Set(fleet.of('ready').map(({ engine }) => engine));
  const surplus: string[] = [];
  const kept = [...staying].filter((engine) => isKeptForOperator(engine, limits)).length;
  for (let tooMany = staying.size - wanted - kept; tooMany > 0; tooMany -= 1) {
    const counts = countByVpn(fleet.serving, surplus);
    const next = [...staying]
      .filter((engine) => isFree(engine) && engine.idleMs >= limits.gracePeriodMs)
      .filter((engine) => !isBetterKept(engine, staying, counts))
      .sort((a, b) => byRemovalOrder(a, b, counts))[0];
    if (next === undefined) break;
    staying.delete(next);
    surplus.push(next.id);
  }
  return surplus;
}

/**
 * True for an engine that an operator requested, during its grace period: it does not count as too many, so no older
 * engine is removed because of it.
 */
function isKeptForOperator(
  engine: FleetEngine,
  { gracePeriodMs }: FleetSnapshot['limits'],
): boolean {
  return engine.isRequested && isFree(engine) && engine.idleMs < gracePeriodMs;
}

function isFree({ streams, isBusy }: FleetEngine): boolean {
  return streams === 0 && !isBusy;
}

type VpnCounts = ReadonlyMap<string | null, number>;

/** How many engines each VPN has. Engines in `going` are not counted. */
function countByVpn(serving: readonly ClassifiedEngine[], going: readonly string[]): VpnCounts {
  const counts = new Map<string | null, number>();
  for (const { engine } of serving) {
    if (going.includes(engine.id)) continue;
    counts.set(engine.vpn, (counts.get(engine.vpn) ?? 0) + 1);
  }
  return counts;
}

/**
 * True while a VPN with more engines has a free engine: when that engine's grace period ends, it is removed instead.
 */
function isBetterKept(
  engine: FleetEngine,
  staying: ReadonlySet<FleetEngine>,
  counts: VpnCounts,
): boolean {
  if (engine.forwarded) return false;
  const own = counts.get(engine.vpn) ?? 0;
  return [...staying].some(
    (other) => isFree(other) && !other.forwarded && (counts.get(other.vpn) ?? 0) > own,
  );
}

function byRemovalOrder(a: FleetEngine, b: FleetEngine, counts: VpnCounts): number {
  return (
    Number(a.forwarded) - Number(b.forwarded) ||
    (counts.get(b.vpn) ?? 0) - (counts.get(a.vpn) ?? 0) ||
    b.ageMs - a.ageMs ||
    compareText(a.id, b.id)
  );
}
