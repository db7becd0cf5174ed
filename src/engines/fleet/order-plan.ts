import type { FleetCensus } from './fleet-census';
import type { FleetAction, FleetSnapshot, ScaleDecision } from './fleet.types';
import { failingInOrder, mayReplace, notBusy, replaceableInOrder } from './replacement-plan';

type Order = Extract<FleetAction, { kind: 'provision' }>;

/**
 * Engines to order now. Those that are missing are ordered as many at a time as may start together; successors of
 * engines that still run only one by one, because many that fail together have a common cause that new ones
 * would not heal.
 *
 * @param going engines that this very plan removes or drains
 */
export function planOrders(
  snapshot: FleetSnapshot,
  census: FleetCensus,
  scale: ScaleDecision,
  going: ReadonlySet<string | null>,
): Order[] {
  if (!snapshot.mayProvision) return [];
  const { limits, pendingOrders, beingReplaced } = snapshot;
  const most = Math.min(
    limits.parallelStarts - census.starting - pendingOrders,
    limits.maxReplicas - census.present - pendingOrders,
  );
  const leaving = census.serving.filter(({ engine }) => going.has(engine.id)).length;
  const missing = scale.wanted - (census.serving.length - leaving) - pendingOrders;
  const failing = failingInOrder(census).filter(
    ({ engine }) => !going.has(engine.id) && !beingReplaced.has(engine.id),
  );
  const orders = Array.from({ length: Math.max(0, missing - failing.length) }, () =>
    order(scale.why[0] ?? '', null),
  );
  if (missing >= 0 && mayReplace(snapshot, census)) {
    // An engine that works is made anew only when nothing else is missing.
    const candidates = missing > 0 ? failing : replaceableInOrder(census);
    const replaced = candidates.find((one) => notBusy(one) && !going.has(one.engine.id));
    if (replaced !== undefined) {
      const { id } = replaced.engine;
      orders.push(order(`to replace ${id}: ${replaced.why}`, id));
    }
  }
  return orders.slice(0, Math.max(0, most));
}

function order(why: string, replaces: string | null): Order {
  return { kind: 'provision', why, replaces };
}
