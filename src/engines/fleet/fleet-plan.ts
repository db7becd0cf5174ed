import { formatDuration } from '../../kernel/units';
import type { JudgedEngine } from './engine-standing';
import { type FleetCensus, takeCensus } from './fleet-census';
import type { FleetAction, FleetSnapshot, ScaleDecision } from './fleet.types';
import { planOrders } from './order-plan';
import { makeRoom, retire } from './replacement-plan';

/** A container that was made and not started is waited for so long while an order of ours may be about to start it. */
const CREATED_GRACE_MS = 30_000;

/**
 * What to do now: level-triggered, so the same world leads to the same actions, whatever was done before. At most
 * one action for each engine, none for those that are busy or held by an operator (unless they have ended),
 * and never so many orders that MAX_REPLICAS could be exceeded. What goes comes first, what is ordered last.
 */
export function planFleet(snapshot: FleetSnapshot, scale: ScaleDecision): FleetAction[] {
  const census = takeCensus(snapshot);
  const retired = retire(census, scale.wanted);
  const forced = [...removals(snapshot, census), ...retired, ...surplus(snapshot, scale)];
  const isRoomComing = forced.some(({ kind }) => kind === 'remove');
  const room = isRoomComing ? [] : makeRoom(snapshot, census, scale.wanted);
  const decided = [...forced, ...room];
  const taken = new Set(decided.map((action) => ('engineId' in action ? action.engineId : null)));
  const recoveries = recover(census).filter(
    (action) => !('engineId' in action && taken.has(action.engineId)),
  );
  const orders = planOrders(snapshot, census, scale, taken);
  return [...decided, ...recoveries, ...orders].sort((a, b) => ORDER[a.kind] - ORDER[b.kind]);
}

/** True for what sets the clock of ENGINE_REPLACEMENT_COOLDOWN: a replacement of an engine that runs begins. */
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

/** What goes whatever else is there. */
function removals(snapshot: FleetSnapshot, census: FleetCensus): FleetAction[] {
  return census
    .of('over', 'lost', 'stuck', 'retiring')
    .filter(({ engine }) => !engine.isBusy)
    .filter((judged) => isDue(judged, snapshot))
    .map(({ engine, standing, why }) => ({
      kind: 'remove',
      engineId: engine.id,
      why,
      failure: failureOf({ engine, standing, why }),
      makesRoom: false,
    }));
}

function isDue({ engine, standing }: JudgedEngine, { pendingOrders }: FleetSnapshot): boolean {
  if (standing === 'retiring') return engine.streams === 0;
  if (engine.phase !== 'created') return true;
  return pendingOrders === 0 || engine.ageMs >= CREATED_GRACE_MS;
}

/** What its end tells of starts; an engine that its VPN was cut from while it started tells nothing. */
function failureOf({ engine, standing }: JudgedEngine): 'start_timeout' | 'engine_exited' | null {
  if (engine.hasStarted || engine.objection !== null) return null;
  if (standing === 'stuck') return 'start_timeout';
  return standing === 'over' && engine.phase === 'ended' ? 'engine_exited' : null;
}

function surplus(snapshot: FleetSnapshot, scale: ScaleDecision): FleetAction[] {
  return scale.surplus.map((engineId) => {
    const idleMs = snapshot.engines.find(({ id }) => id === engineId)?.idleMs ?? 0;
    const idle = formatDuration(Math.floor(idleMs / 1000) * 1000);
    return {
      kind: 'remove',
      engineId,
      why: `not needed: ${scale.wanted} are wanted, and it has had no stream for ${idle}`,
      failure: null,
      makesRoom: false,
    };
  });
}

/** What may bring an engine back, or keeps viewers away from it until it is. */
function recover(census: FleetCensus): FleetAction[] {
  return census
    .of('cut_off', 'released', 'failing', 'coming')
    .filter(({ engine }) => !engine.isBusy)
    .flatMap(({ engine, standing, why }): FleetAction[] => {
      const engineId = engine.id;
      if (standing === 'released') return [{ kind: 'undrain', engineId, why }];
      if (standing === 'cut_off') {
        if (engine.drainedBy !== null) return [];
        return [{ kind: 'drain', engineId, why, evict: true, makesRoom: false }];
      }
      return engine.phase === 'paused' ? [{ kind: 'unpause', engineId, why }] : [];
    });
}
