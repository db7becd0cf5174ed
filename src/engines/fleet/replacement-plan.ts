import { type ClassifiedEngine, type ClassifiedFleet, compareText } from './engine-disposition';
import type { FleetAction, FleetSnapshot } from './fleet.types';

type Retirement = Extract<FleetAction, { kind: 'remove' | 'drain' }>;

/**
 * Removes or drains failing and replaceable engines as soon as enough other engines work. It is not recorded which
 * engine is whose successor. A failing engine that recovers before that stays.
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
    ...oneMoveAtATime(replaceableInOrder(fleet).filter(notBusy), fleet)
      .slice(0, spare)
      .map((one) => leave(one, one.why, false)),
  ];
}

/**
 * At MAX_REPLICAS a successor cannot be created first, so one engine at a time is removed or drained before its
 * successor is created. An engine that is cut off is kept until its VPN returns, unless another engine is missing and
 * needs the room.
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
    // An engine that was being drained when it was cut off may still have streams; they receive no media there.
    const cutOff = emptiestFirst(fleet.of('cut_off'));
    const next = [...failingInOrder(fleet), ...cutOff].find(notBusy);
    if (next !== undefined)
      return [leave(next, `${next.why}; room for another engine is needed`, true)];
  }
  const isOneRetiring = fleet.of('retiring').length > 0;
  const next = replaceableInOrder(fleet).find(notBusy);
  if (missing < 0 || isOneRetiring || next === undefined) return [];
  if (mustWaitForStreams(next) && fleet.working.length === 1) return [];
  return [leave(next, next.why, true)];
}

/**
 * True if draining the engine would last until its streams end, which may take days. Such an engine is not drained
 * while it is the only one that works: it stays open to new viewers until it is empty.
 */
function mustWaitForStreams({ engine }: ClassifiedEngine): boolean {
  return engine.streams > 0 && engine.objection === null;
}

/**
 * True if a replacement may begin: running engines are replaced one at a time, with ENGINE_REPLACEMENT_COOLDOWN
 * between two replacements.
 */
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

/**
 * Engines with the fewest streams come first, because removing an empty engine disturbs no viewer; then the oldest
 * ones.
 */
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
 * Keeps only one of the misplaced engines with streams, because the other engines have no room for the streams of
 * several at once. Keeps none while evicted streams are still leaving a retiring engine. Of a rollout, it keeps none
 * either while any engine is retiring.
 */
function oneMoveAtATime(
  replaceable: ClassifiedEngine[],
  fleet: ClassifiedFleet,
): ClassifiedEngine[] {
  const retiring = fleet.of('retiring');
  let isTaken = retiring.some(({ engine }) => engine.leavingStreams > 0);
  return replaceable.filter((one) => {
    if (!mustMoveStreams(one)) return true;
    const isFirst = !isTaken && !(one.engine.rollout !== null && retiring.length > 0);
    isTaken = true;
    return isFirst;
  });
}

function mustMoveStreams({ engine }: ClassifiedEngine): boolean {
  return (engine.objection?.kind === 'misplaced' || engine.rollout !== null) && engine.streams > 0;
}

/**
 * True if the engine belongs to a rollout, and another engine is leaving: a rollout replaces the next engine only when
 * the one before has left.
 *
 * @param going engines that this plan removes or drains
 */
export function waitsForOther(
  { engine }: ClassifiedEngine,
  fleet: ClassifiedFleet,
  going: ReadonlySet<string | null>,
): boolean {
  return engine.rollout !== null && (going.size > 0 || fleet.of('retiring', 'removing').length > 0);
}

/**
 * Removes the engine; a working engine with streams is drained first, so that its streams leave by planned moves. If
 * a misplaced engine has to make room, its streams are evicted, whether other engines have room or not.
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
