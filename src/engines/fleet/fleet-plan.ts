import { formatDuration } from '../../kernel/units';
import { type ClassifiedEngine, type ClassifiedFleet, classifyEngines } from './engine-disposition';
import type { FleetAction, FleetSnapshot, ScaleDecision } from './fleet.types';
import {
  failingInOrder,
  makeRoom,
  mayReplace,
  notBusy,
  replaceableInOrder,
  retire,
  waitsForOther,
} from './replacement-plan';

type ProvisionAction = Extract<FleetAction, { kind: 'provision' }>;

/** A container that was created and not started may belong to a provisioning request that is about to start it. */
const CREATED_GRACE_MS = 30_000;

/**
 * Returns the actions to begin now. Level-triggered: the same snapshot leads to the same actions, whatever was done
 * before. There is at most one action for each engine, and none for engines that are busy or that an operator drains
 * (unless they have ended). MAX_REPLICAS is never exceeded. Removals come first, provisioning comes last.
 */
export function planFleet(snapshot: FleetSnapshot, scale: ScaleDecision): FleetAction[] {
  const fleet = classifyEngines(snapshot);
  const retired = retire(fleet, scale.wanted);
  const forced = [...planRemovals(snapshot, fleet), ...retired, ...planSurplus(snapshot, scale)];
  const isRoomComing = forced.some(({ kind }) => kind === 'remove');
  const room = isRoomComing ? [] : makeRoom(snapshot, fleet, scale.wanted);
  const decided = [...forced, ...room];
  const taken = new Set(decided.map((action) => ('engineId' in action ? action.engineId : null)));
  const recoveries = planRecoveries(fleet).filter(
    (action) => !('engineId' in action && taken.has(action.engineId)),
  );
  const provisioning = planProvisioning(snapshot, fleet, scale, taken);
  return [...decided, ...recoveries, ...provisioning].sort((a, b) => ORDER[a.kind] - ORDER[b.kind]);
}

/** True for an action that begins the replacement of a running engine: ENGINE_REPLACEMENT_COOLDOWN counts from it. */
export function startsReplacement(action: FleetAction): boolean {
  if (action.kind === 'provision') return action.replaces !== null;
  return (action.kind === 'remove' || action.kind === 'drain') && action.makesRoom;
}

const ORDER: Readonly<Record<FleetAction['kind'], number>> = {
  remove: 0,
  unpause: 1,
  undrain: 2,
  drain: 3,
  provision: 4,
};

/** Removals that do not depend on the state of other engines. */
function planRemovals(snapshot: FleetSnapshot, fleet: ClassifiedFleet): FleetAction[] {
  return fleet
    .of('ended', 'lost', 'stuck', 'retiring')
    .filter(notBusy)
    .filter((classified) => isDue(classified, snapshot))
    .map((classified) => ({
      kind: 'remove',
      engineId: classified.engine.id,
      reason: classified.reason,
      why: classified.why,
      failure: failureOf(classified),
      makesRoom: false,
    }));
}

function isDue(
  { engine, disposition }: ClassifiedEngine,
  { pendingRequests }: FleetSnapshot,
): boolean {
  if (disposition === 'retiring') return engine.streams === 0;
  if (engine.phase !== 'created') return true;
  return pendingRequests === 0 || engine.ageMs >= CREATED_GRACE_MS;
}

/** How the start of the engine failed; null if it did not fail, or if the engine's placement was the cause. */
function failureOf({
  engine,
  disposition,
}: ClassifiedEngine): 'start_timeout' | 'engine_exited' | null {
  if (engine.hasStarted || engine.objection !== null) return null;
  if (disposition === 'stuck') return 'start_timeout';
  return disposition === 'ended' && engine.phase === 'ended' ? 'engine_exited' : null;
}

function planSurplus(snapshot: FleetSnapshot, scale: ScaleDecision): FleetAction[] {
  return scale.surplus.map((engineId) => {
    const idleMs = snapshot.engines.find(({ id }) => id === engineId)?.idleMs ?? 0;
    const idle = formatDuration(Math.floor(idleMs / 1000) * 1000);
    return {
      kind: 'remove',
      engineId,
      reason: 'surplus',
      why: `not needed: ${scale.wanted} are wanted, and it has had no stream for ${idle}`,
      failure: null,
      makesRoom: false,
    };
  });
}

/** Actions that may let an engine work again, or that keep streams away from it until it does. */
function planRecoveries(fleet: ClassifiedFleet): FleetAction[] {
  return fleet
    .of('cut_off', 'leaving', 'released', 'failing', 'starting')
    .filter(notBusy)
    .flatMap(({ engine, disposition, why }): FleetAction[] => {
      const engineId = engine.id;
      if (disposition === 'released') return [{ kind: 'undrain', engineId, why }];
      if (disposition === 'leaving') {
        const reason = 'vpn_drained';
        return [{ kind: 'drain', engineId, reason, why, evict: false, makesRoom: false }];
      }
      if (disposition === 'cut_off') {
        if (engine.drainedBy !== null) return [];
        return [
          { kind: 'drain', engineId, reason: 'vpn_down', why, evict: true, makesRoom: false },
        ];
      }
      return engine.phase === 'paused' ? [{ kind: 'unpause', engineId, why }] : [];
    });
}

/**
 * The engines to create now. Missing engines are requested together, as many as may start in parallel. Successors of
 * engines that still run are requested one by one, because engines that fail together usually have a common cause,
 * which new engines would not remove.
 *
 * @param going engines that this plan removes or drains
 */
function planProvisioning(
  snapshot: FleetSnapshot,
  fleet: ClassifiedFleet,
  scale: ScaleDecision,
  going: ReadonlySet<string | null>,
): ProvisionAction[] {
  if (!snapshot.mayProvision) return [];
  const { limits, pendingRequests, beingReplaced } = snapshot;
  const most = Math.min(
    limits.parallelStarts - fleet.startingCount - pendingRequests,
    limits.maxReplicas - fleet.presentCount - pendingRequests,
  );
  const leaving = fleet.serving.filter(({ engine }) => going.has(engine.id)).length;
  const missing = scale.wanted - (fleet.serving.length - leaving) - pendingRequests;
  const failing = failingInOrder(fleet).filter(
    ({ engine }) => !going.has(engine.id) && !beingReplaced.has(engine.id),
  );
  const actions = Array.from({ length: Math.max(0, missing - failing.length) }, () =>
    provision(scale.why[0] ?? '', null),
  );
  if (missing >= 0 && mayReplace(snapshot, fleet)) {
    // A working engine is replaced only while no engine is missing.
    const candidates = missing > 0 ? failing : replaceableInOrder(fleet);
    const replaced = candidates.find(
      (one) => notBusy(one) && !going.has(one.engine.id) && !waitsForOther(one, fleet, going),
    );
    if (replaced !== undefined) {
      const { id } = replaced.engine;
      actions.push(provision(`to replace ${id}: ${replaced.why}`, id));
    }
  }
  return actions.slice(0, Math.max(0, most));
}

function provision(why: string, replaces: string | null): ProvisionAction {
  return { kind: 'provision', why, replaces };
}
