import { compareText, type JudgedEngine } from './engine-standing';
import type { FleetCensus } from './fleet-census';
import type { FleetAction, FleetSnapshot } from './fleet.types';

type Retirement = Extract<FleetAction, { kind: 'remove' | 'drain' }>;

/**
 * Engines that fail or are to be made anew go as soon as enough others work; nobody has to remember whose successor
 * came. One that fails and recovers before that stays.
 */
export function retire(census: FleetCensus, wanted: number): Retirement[] {
  const working = census.working.length;
  const failing = failingInOrder(census);
  const toKeep = Math.max(0, wanted - working);
  const dispensable = Math.max(0, failing.length - toKeep);
  const spare = Math.max(0, working - wanted);
  return [
    ...failing
      .filter(notBusy)
      .slice(0, dispensable)
      .map((one) => leave(one, `${one.why}; enough other engines work`, false)),
    ...oneEvictionAtATime(replaceableInOrder(census).filter(notBusy), census)
      .slice(0, spare)
      .map((one) => leave(one, one.why, false)),
  ];
}

/**
 * With MAX_REPLICAS engines there a successor cannot come first: one at a time goes before it. An engine that is
 * cut off is kept for its VPN's return unless its place is needed.
 */
export function makeRoom(
  snapshot: FleetSnapshot,
  census: FleetCensus,
  wanted: number,
): Retirement[] {
  const isFull = census.present >= snapshot.limits.maxReplicas;
  const isQuiet =
    census.starting === 0 && snapshot.pendingOrders === 0 && census.of('leaving').length === 0;
  if (!isFull || !isQuiet || !snapshot.mayProvision || !mayReplace(snapshot, census)) return [];
  const missing = wanted - census.serving.length;
  if (missing > 0) {
    // One that was being emptied when it was cut off may still have streams; nothing reaches them there.
    const cutOff = emptiestFirst(census.of('cut_off'));
    const next = [...failingInOrder(census), ...cutOff].find(notBusy);
    if (next !== undefined)
      return [leave(next, `${next.why}; room for another engine is needed`, true)];
  }
  const isOneLeaving = census.of('retiring').length > 0;
  const next = replaceableInOrder(census).find(notBusy);
  if (missing < 0 || isOneLeaving || next === undefined) return [];
  if (isWatched(next) && census.working.length === 1) return [];
  return [leave(next, next.why, true)];
}

/**
 * It would be drained until its streams end, which may take days: the only engine that works is left to new viewers
 * until it is empty.
 */
function isWatched({ engine }: JudgedEngine): boolean {
  return engine.streams > 0 && engine.objection === null;
}

/** One replacement of engines that run at a time, and ENGINE_REPLACEMENT_COOLDOWN between two. */
export function mayReplace(snapshot: FleetSnapshot, census: FleetCensus): boolean {
  const { beingReplaced, sinceReplacementMs, limits, engines, pendingOrders } = snapshot;
  const gone = new Set(census.of('absent').map(({ engine }) => engine.id));
  // A successor that an operator has drained before it answered is nobody's any more.
  const isOneUnderWay =
    pendingOrders + census.starting > 0 &&
    engines.some(({ id }) => beingReplaced.has(id) && !gone.has(id));
  const isCool = sinceReplacementMs === null || sinceReplacementMs >= limits.replacementCooldownMs;
  return isCool && !isOneUnderWay;
}

/** Who has failed for longest is least likely to recover. */
export function failingInOrder(census: FleetCensus): JudgedEngine[] {
  return census
    .of('failing')
    .sort(
      (a, b) =>
        b.engine.unhealthyMs - a.engine.unhealthyMs || compareText(a.engine.id, b.engine.id),
    );
}

export function replaceableInOrder(census: FleetCensus): JudgedEngine[] {
  return emptiestFirst(census.of('replaceable'));
}

/** An empty engine goes without anybody noticing. */
function emptiestFirst(engines: readonly JudgedEngine[]): JudgedEngine[] {
  return [...engines].sort(
    (a, b) =>
      a.engine.streams - b.engine.streams ||
      b.engine.ageMs - a.engine.ageMs ||
      compareText(a.engine.id, b.engine.id),
  );
}

export function notBusy({ engine }: JudgedEngine): boolean {
  return !engine.isBusy;
}

/**
 * Streams that have to move all at once would find no place: those of one engine do. One that was already being
 * emptied without haste when its place became wrong stays so, and holds nobody up.
 */
function oneEvictionAtATime(replaceable: JudgedEngine[], census: FleetCensus): JudgedEngine[] {
  let isTaken = census.of('retiring').some(({ engine }) => engine.leavingStreams > 0);
  return replaceable.filter((one) => {
    if (!evicts(one)) return true;
    const isFirst = !isTaken;
    isTaken = true;
    return isFirst;
  });
}

function evicts({ engine }: JudgedEngine): boolean {
  return engine.objection?.kind === 'misplaced' && engine.streams > 0;
}

/**
 * Streams of an engine that works move by plan, when another one has room for them. Where room is short they have to
 * leave an engine that is in the wrong place all the same.
 */
function leave({ engine, standing }: JudgedEngine, why: string, makesRoom: boolean): Retirement {
  const engineId = engine.id;
  if (standing === 'replaceable' && engine.streams > 0) {
    return {
      kind: 'drain',
      engineId,
      why,
      evict: engine.objection !== null && makesRoom,
      makesRoom,
    };
  }
  return { kind: 'remove', engineId, why, failure: null, makesRoom };
}
