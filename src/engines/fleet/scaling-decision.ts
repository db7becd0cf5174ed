import { compareText, type JudgedEngine } from './engine-standing';
import { type FleetCensus, takeCensus } from './fleet-census';
import type { FleetEngine, FleetSnapshot, ScaleDecision } from './fleet.types';

interface Demand {
  readonly count: number;
  readonly why: string;
}

/**
 * How many engines there should be now, why, and which of those that are there are too many.
 *
 * No demand that lasts depends on how many engines are idle, so one that comes or goes because of a demand
 * changes none: adding and letting go cannot alternate. Those of waiting requests and of operators who ask for one more do
 * depend on it, and while they last there is nothing too many.
 */
export function decideScale(snapshot: FleetSnapshot): ScaleDecision {
  const census = takeCensus(snapshot);
  const most = snapshot.limits.maxReplicas;
  const floor = floorOf(snapshot);
  const demands = [inUse(snapshot, census), ahead(snapshot, census), waiters(snapshot, census)]
    .filter(({ count }) => count > floor.count)
    .sort((a, b) => b.count - a.count);
  const standing = [...demands, floor];
  const asked = askedFor(snapshot, census, Math.max(...standing.map(({ count }) => count)));
  const all = asked === null ? standing : [asked, ...standing];
  const wanted = Math.min(Math.max(...all.map(({ count }) => count)), most);
  const isCapped = all.some(({ count }) => count > most);
  const why = all.map((demand) => demand.why);
  return {
    wanted,
    why: isCapped ? [`more than ${most} are not allowed (MAX_REPLICAS)`, ...why] : why,
    surplus: surplusOf(snapshot, census, wanted),
  };
}

function floorOf({ limits, scaledTo }: FleetSnapshot): Demand {
  if (scaledTo !== null && scaledTo > limits.minReplicas) {
    return { count: scaledTo, why: `an operator asked for ${scaledTo}` };
  }
  return {
    count: limits.minReplicas,
    why: `never fewer than ${limits.minReplicas} (MIN_REPLICAS)`,
  };
}

/**
 * Streams of engines that fail or go need a place elsewhere soon, so they count. Those on engines that are being
 * emptied without haste stay where they are until they end.
 */
function inUse({ limits }: FleetSnapshot, census: FleetCensus): Demand {
  const demanding = [
    ...census.serving,
    ...census.of('failing', 'cut_off', 'lost', 'stuck', 'over', 'leaving'),
  ];
  const occupied = demanding.filter(({ engine }) => engine.wantedStreams > 0).length;
  return {
    count: occupied + limits.minFreeReplicas,
    why: `${occupied} in use and ${limits.minFreeReplicas} to be kept free (MIN_FREE_REPLICAS)`,
  };
}

/**
 * One is added when all engines but one are near their limit. Said without looking at how many there are: two that
 * are not near it, as long as any is. Near means one stream short of full, but with one stream at least:
 * where an engine takes one stream only, an empty engine is not a nearly full one.
 */
function ahead({ limits }: FleetSnapshot, census: FleetCensus): Demand {
  const nearFrom = Math.max(1, limits.maxStreamsPerEngine - 1);
  const near = census.serving.filter(({ engine }) => engine.wantedStreams >= nearFrom).length;
  return {
    count: near === 0 ? 0 : near + 2,
    why: `${near} nearly full; two more than that are wanted (look-ahead)`,
  };
}

/** Who waits found no slot on what works; what is about to work has slots for some of them. */
function waiters({ limits, waiting }: FleetSnapshot, census: FleetCensus): Demand {
  const kept = census
    .of('coming', 'released')
    .reduce((streams, { engine }) => streams + engine.streams, 0);
  const further = Math.ceil((waiting + kept) / limits.maxStreamsPerEngine);
  return {
    count: waiting === 0 ? 0 : census.working.length + further,
    why: `${waiting} requests wait for a slot`,
  };
}

/** An engine that was asked for comes on top of what is there and what would come anyway. */
function askedFor(
  { extraOrders, pendingOrders }: FleetSnapshot,
  { serving }: FleetCensus,
  otherwise: number,
): Demand | null {
  const further = extraOrders - pendingOrders;
  if (further <= 0) return null;
  return {
    count: Math.max(otherwise, serving.length + pendingOrders) + further,
    why: `${further} more asked for by an operator`,
  };
}

/**
 * Engines without a stream for ENGINE_GRACE_PERIOD, as many as there are too many that work. Forwarded ones go
 * last, because they reach more peers; then the VPN with the most engines gives first, so that letting go
 * never unbalances what placement would have to balance again; then the oldest goes.
 */
function surplusOf(
  { limits }: FleetSnapshot,
  census: FleetCensus,
  wanted: number,
): readonly string[] {
  const staying = new Set(census.of('ready').map(({ engine }) => engine));
  const surplus: string[] = [];
  const welcome = [...staying].filter((engine) => isWelcome(engine, limits)).length;
  for (let tooMany = staying.size - wanted - welcome; tooMany > 0; tooMany -= 1) {
    const crowd = crowds(census.serving, surplus);
    const next = [...staying]
      .filter((engine) => isFree(engine) && engine.idleMs >= limits.gracePeriodMs)
      .filter((engine) => !isBetterLeft(engine, staying, crowd))
      .sort((a, b) => inOrderOfLeaving(a, b, crowd))[0];
    if (next === undefined) break;
    staying.delete(next);
    surplus.push(next.id);
  }
  return surplus;
}

/** One more was asked for: for a grace period there is one more, and not an older one less instead. */
function isWelcome(engine: FleetEngine, { gracePeriodMs }: FleetSnapshot['limits']): boolean {
  return engine.isAskedFor && isFree(engine) && engine.idleMs < gracePeriodMs;
}

function isFree({ streams, isBusy }: FleetEngine): boolean {
  return streams === 0 && !isBusy;
}

type Crowds = ReadonlyMap<string | null, number>;

/** How many engines each VPN has, without those that go. */
function crowds(serving: readonly JudgedEngine[], going: readonly string[]): Crowds {
  const crowd = new Map<string | null, number>();
  for (const { engine } of serving) {
    if (going.includes(engine.id)) continue;
    crowd.set(engine.vpn, (crowd.get(engine.vpn) ?? 0) + 1);
  }
  return crowd;
}

/** A free engine of a VPN with more engines will have had its grace soon: that one is the one to go. */
function isBetterLeft(
  engine: FleetEngine,
  staying: ReadonlySet<FleetEngine>,
  crowd: Crowds,
): boolean {
  if (engine.forwarded) return false;
  const own = crowd.get(engine.vpn) ?? 0;
  return [...staying].some(
    (other) => isFree(other) && !other.forwarded && (crowd.get(other.vpn) ?? 0) > own,
  );
}

function inOrderOfLeaving(a: FleetEngine, b: FleetEngine, crowd: Crowds): number {
  return (
    Number(a.forwarded) - Number(b.forwarded) ||
    (crowd.get(b.vpn) ?? 0) - (crowd.get(a.vpn) ?? 0) ||
    b.ageMs - a.ageMs ||
    compareText(a.id, b.id)
  );
}
