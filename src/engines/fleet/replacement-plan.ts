import { type ClassifiedEngine, type ClassifiedFleet, compareText } from './engine-disposition';
import type { FleetAction, FleetSnapshot } from './fleet.types';

type Retirement = Extract<FleetAction, { kind: 'remove' | 'drain' }>;

/**
 * Failing and replaceable engines go as soon as enough other engines work. Nothing records which engine is whose
 * successor. A failing engine that recovers before that stays.
 */
export function retire(fleet: ClassifiedFleet, wanted: number): Retirement[] {
  const working = fleet.working.length;
  const failing = failingInOrder(fleet);
  const toKeep = Math.max(0, wanted - working);
  const dispensable = Math.max(0, failing.length - toKeep);
  const spare = Math.max(0, working - wanted);
  return [
    ...failing
      .filter(notBusy)
      .slice(0, dispensable)
      .map((one) => leave(one, `${one.why}; enough other engines work`, false)),
    ...oneEvictionAtATime(replaceableInOrder(fleet).filter(notBusy), fleet)
      .slice(0, spare)
      .map((one) => leave(one, one.why, false)),
  ];
}

/**
 * At MAX_REPLICAS a successor cannot be created first, so one engine at a time goes before its successor. An engine that
 * is cut off is kept until its VPN returns, unless its place is needed.
 */
export function makeRoom(
  snapshot: FleetSnapshot,
  fleet: ClassifiedFleet,
  wanted: number,
): Retirement[] {
  const isFull = fleet.presentCount >= snapshot.limits.maxReplicas;
  const isQuiet =
    fleet.startingCount === 0 &&
    snapshot.pendingRequests === 0 &&
    fleet.of('removing').length === 0;
  if (!isFull || !isQuiet || !snapshot.mayProvision || !mayReplace(snapshot, fleet)) return [];
  const missing = wanted - fleet.serving.length;
  if (missing > 0) {
    // An engine that was being drained when it was cut off may still have streams; nothing reaches them there.
    const cutOff = emptiestFirst(fleet.of('cut_off'));
    const next = [...failingInOrder(fleet), ...cutOff].find(notBusy);
    if (next !== undefined)
      return [leave(next, `${next.why}; room for another engine is needed`, true)];
  }
  const isOneRetiring = fleet.of('retiring').length > 0;
  const next = replaceableInOrder(fleet).find(notBusy);
  if (missing < 0 || isOneRetiring || next === undefined) return [];
  if (isWatched(next) && fleet.working.length === 1) return [];
  return [leave(next, next.why, true)];
}

/**
 * Draining it would last until its streams end, which may take days. The only engine that works therefore stays open to
 * new viewers until it is empty.
 */
function isWatched({ engine }: ClassifiedEngine): boolean {
  return engine.streams > 0 && engine.objection === null;
}

/** One replacement of a running engine at a time, and ENGINE_REPLACEMENT_COOLDOWN between two. */
export function mayReplace(snapshot: FleetSnapshot, fleet: ClassifiedFleet): boolean {
  const { beingReplaced, sinceReplacementMs, limits, engines, pendingRequests } = snapshot;
  const gone = new Set(fleet.of('absent').map(({ engine }) => engine.id));
  // A successor that an operator drained before its first answer replaces nothing any more.
  const isOneUnderWay =
    pendingRequests + fleet.startingCount > 0 &&
    engines.some(({ id }) => beingReplaced.has(id) && !gone.has(id));
  const isCooledDown =
    sinceReplacementMs === null || sinceReplacementMs >= limits.replacementCooldownMs;
  return isCooledDown && !isOneUnderWay;
}

/** The engine that has failed for longest is least likely to recover, so it comes first. */
export function failingInOrder(fleet: ClassifiedFleet): ClassifiedEngine[] {
  return fleet
    .of('failing')
    .sort(
      (a, b) =>
        b.engine.unhealthyMs - a.engine.unhealthyMs || compareText(a.engine.id, b.engine.id),
    );
}

export function replaceableInOrder(fleet: ClassifiedFleet): ClassifiedEngine[] {
  return emptiestFirst(fleet.of('replaceable'));
}

/** Removing an empty engine disturbs no viewer. */
function emptiestFirst(engines: readonly ClassifiedEngine[]): ClassifiedEngine[] {
  return [...engines].sort(
    (a, b) =>
      a.engine.streams - b.engine.streams ||
      b.engine.ageMs - a.engine.ageMs ||
      compareText(a.engine.id, b.engine.id),
  );
}

export function notBusy({ engine }: ClassifiedEngine): boolean {
  return !engine.isBusy;
}

/**
 * The streams of only one engine are evicted at a time: the other engines have no room for more at once. An engine that
 * was already draining when it became misplaced goes on draining and delays no eviction.
 */
function oneEvictionAtATime(
  replaceable: ClassifiedEngine[],
  fleet: ClassifiedFleet,
): ClassifiedEngine[] {
  let isTaken = fleet.of('retiring').some(({ engine }) => engine.leavingStreams > 0);
  return replaceable.filter((one) => {
    if (!evicts(one)) return true;
    const isFirst = !isTaken;
    isTaken = true;
    return isFirst;
  });
}

function evicts({ engine }: ClassifiedEngine): boolean {
  return engine.objection?.kind === 'misplaced' && engine.streams > 0;
}

/**
 * Streams of a working engine move by planned moves, when other engines have room. When the engine has to make room,
 * the streams of a misplaced engine are evicted whether other engines have room or not.
 */
function leave(
  { engine, disposition, reason }: ClassifiedEngine,
  why: string,
  makesRoom: boolean,
): Retirement {
  const engineId = engine.id;
  if (disposition === 'replaceable' && engine.streams > 0) {
    return {
      kind: 'drain',
      engineId,
      reason,
      why,
      evict: engine.objection !== null && makesRoom,
      makesRoom,
    };
  }
  return { kind: 'remove', engineId, reason, why, failure: null, makesRoom };
}
