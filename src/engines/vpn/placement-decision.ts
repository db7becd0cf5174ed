import type { PlacedEngine, Placement, PlacementObjection } from './engine-placement.port';
import { type Move, wantedMove } from './engine-moves';
import { openSlots } from './vpn-slots';
import type { Vpn } from './vpn';
import { isSameStart } from './vpn-health';

export interface Judgement {
  readonly objections: ReadonlyMap<string, PlacementObjection>;
  /** The move that is wanted, one at most. */
  readonly move: Move | null;
}

/**
 * The VPN slot of the next engine: behind the VPN with the fewest, those that are stable before those that are
 * back since a short while. Engines that are about to be replaced do not count, so that whatever
 * replaces one finds its place free. A forwarded port that nobody holds is worth one engine more.
 *
 * @param move the one that is under way
 */
export function nextPlacement(
  vpns: readonly Vpn[],
  present: readonly PlacedEngine[],
  move: Move | null,
): Placement {
  // The first look at each is a matter of seconds; who was seen first would get all the engines else.
  const isEachSeen = vpns.every(({ checkedAt }) => checkedAt !== null);
  const usable = isEachSeen ? openSlots(vpns) : [];
  if (usable.length === 0) return { kind: 'blocked', reason: whyBlocked(vpns) };
  const leaving = hardObjections(vpns, present);
  const staying = present.filter(
    ({ id }) => id !== move?.engineId && (leaving.get(id)?.kind ?? 'cut_off') === 'cut_off',
  );
  const rated = usable.map((slot) => {
    const behind = staying.filter((engine) => engine.vpn?.vpn === slot.vpn);
    const isPortFree =
      slot.forwardedPort !== null &&
      behind.every(({ forwardedPort }) => forwardedPort !== slot.forwardedPort);
    return {
      // Among equals the one with a free port.
      weight: behind.length - (isPortFree ? 1.5 : 0),
      slot: isPortFree ? slot : { ...slot, forwardedPort: null },
    };
  });
  const best = rated.reduce((chosen, other) => (other.weight < chosen.weight ? other : chosen));
  return { kind: 'place', vpnSlot: best.slot };
}

/**
 * What is held against engines because of their VPNs. Moves come last: only while nothing else is wrong.
 *
 * @param last the move that was wanted before
 */
export function judgePlacement(
  vpns: readonly Vpn[],
  present: readonly PlacedEngine[],
  last: Move | null,
): Judgement {
  const objections = hardObjections(vpns, present);
  if (objections.size > 0) return { objections, move: null };
  const move = wantedMove(vpns, present, last);
  if (move === null) return { objections, move };
  const { engineId, reason } = move;
  return { objections: new Map([[engineId, { kind: 'misplaced', reason }]]), move };
}

function hardObjections(
  vpns: readonly Vpn[],
  present: readonly PlacedEngine[],
): Map<string, PlacementObjection> {
  const byName = new Map(vpns.map((vpn) => [vpn.name, vpn]));
  const objections = new Map<string, PlacementObjection>();
  for (const engine of present) {
    const objection = objectionTo(engine, byName);
    if (objection !== null) objections.set(engine.id, objection);
  }
  return objections;
}

function objectionTo(
  engine: PlacedEngine,
  vpns: ReadonlyMap<string, Vpn>,
): PlacementObjection | null {
  const slot = engine.vpn;
  if (slot === null) return { kind: 'misplaced', reason: 'it is behind no VPN' };
  const vpn = vpns.get(slot.vpn);
  if (vpn === undefined) {
    return {
      kind: 'misplaced',
      reason: `its VPN ${slot.vpn} is not among VPN_CONTAINERS any more`,
    };
  }
  const loss = lossOf({ id: slot.containerId, startedAt: slot.containerStartedAt }, vpn);
  if (loss !== null) return { kind: 'lost', reason: `VPN ${vpn.name}: ${loss}` };
  if (vpn.health.state === 'down') {
    return { kind: 'cut_off', reason: `VPN ${vpn.name} is down: ${vpn.health.reason}` };
  }
  const { forwardedPort } = vpn;
  // A port that is not known just now is most likely the same as before.
  const holdsOld =
    engine.forwardedPort !== null &&
    forwardedPort !== null &&
    engine.forwardedPort !== forwardedPort;
  return holdsOld
    ? {
        kind: 'misplaced',
        reason: `VPN ${vpn.name} forwards port ${forwardedPort} now, not ${engine.forwardedPort} any more`,
      }
    : null;
}

/**
 * Why what joined that start of the VPN's container has no network any more. Docker tears the network down when the
 * container stops, and a restart makes another one: those who joined stay in the old one, which is empty.
 */
function lossOf(
  joined: { readonly id: string; readonly startedAt: string },
  { container }: Vpn,
): string | null {
  if (container === null) return null;
  if (container === 'absent') return 'its container is gone';
  if (joined.id !== container.id) return 'its container was recreated';
  if (!isSameStart(joined, container)) return 'its container was restarted';
  return container.phase === 'stopped' ? `its container is ${container.status}` : null;
}

function whyBlocked(vpns: readonly Vpn[]): string {
  const each = vpns.map(({ name, health }) => `${name} is ${health.state} (${health.reason})`);
  return `no VPN takes engines now: ${each.join('; ')}`;
}
