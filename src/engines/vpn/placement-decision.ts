import type { PlacedEngine, Placement, PlacementObjection } from './engine-placement.port';
import { type Relocation, wantedRelocation } from './engine-relocation';
import { openSlots, type Vpn } from './vpn';
import { isSameStart } from './vpn-health';

export interface PlacementAssessment {
  readonly objections: ReadonlyMap<string, PlacementObjection>;
  /** The relocation that is wanted; null if none is. */
  readonly relocation: Relocation | null;
}

/**
 * The VPN slot of the next engine: behind the VPN with the fewest engines, stable VPNs before recovering ones.
 * Engines that are about to be replaced do not count, so that a successor can take the VPN slot of its predecessor. A
 * forwarded port that no engine holds outweighs one engine, but not two.
 *
 * @param relocation the relocation that is wanted now
 */
export function nextPlacement(
  vpns: readonly Vpn[],
  present: readonly PlacedEngine[],
  relocation: Relocation | null,
): Placement {
  // The first checks take seconds, and the VPN that is checked first would otherwise get all engines.
  const isEachChecked = vpns.every(({ checkedAt }) => checkedAt !== null);
  const usable = isEachChecked ? openSlots(vpns) : [];
  if (usable.length === 0) return { kind: 'blocked', reason: whyBlocked(vpns) };
  const leaving = hardObjections(vpns, present);
  const staying = present.filter(
    ({ id }) => id !== relocation?.engineId && (leaving.get(id)?.kind ?? 'cut_off') === 'cut_off',
  );
  const rated = usable.map((slot) => {
    const behind = staying.filter((engine) => engine.vpn?.vpn === slot.vpn);
    const isPortFree =
      slot.forwardedPort !== null &&
      behind.every(({ forwardedPort }) => forwardedPort !== slot.forwardedPort);
    return {
      // A free forwarded port outweighs one engine, but not two.
      weight: behind.length - (isPortFree ? 1.5 : 0),
      slot: isPortFree ? slot : { ...slot, forwardedPort: null },
    };
  });
  const best = rated.reduce((chosen, other) => (other.weight < chosen.weight ? other : chosen));
  return { kind: 'allowed', vpnSlot: best.slot };
}

/**
 * The objections to engines because of their VPNs. A relocation is wanted only while there is no other objection.
 *
 * @param last the relocation that was wanted before
 */
export function assessPlacement(
  vpns: readonly Vpn[],
  present: readonly PlacedEngine[],
  last: Relocation | null,
): PlacementAssessment {
  const objections = hardObjections(vpns, present);
  if (objections.size > 0) return { objections, relocation: null };
  const relocation = wantedRelocation(vpns, present, last);
  if (relocation === null) return { objections, relocation };
  const { engineId, reason } = relocation;
  return { objections: new Map([[engineId, { kind: 'misplaced', reason }]]), relocation };
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
      reason: `its VPN ${slot.vpn} is no longer in VPN_CONTAINERS`,
    };
  }
  const loss = lossOf({ id: slot.containerId, startedAt: slot.containerStartedAt }, vpn);
  if (loss !== null) return { kind: 'lost', reason: `VPN ${vpn.name}: ${loss}` };
  if (vpn.health.state === 'down') {
    return { kind: 'cut_off', reason: `VPN ${vpn.name} is down: ${vpn.health.reason}` };
  }
  if (vpn.drain !== null) {
    return { kind: 'drained', reason: `VPN ${vpn.name} is drained: ${vpn.drain.reason}` };
  }
  const { forwardedPort } = vpn;
  // An unknown port is most likely the same as before.
  const holdsOld =
    engine.forwardedPort !== null &&
    forwardedPort !== null &&
    engine.forwardedPort !== forwardedPort;
  return holdsOld
    ? {
        kind: 'misplaced',
        reason: `VPN ${vpn.name} forwards port ${forwardedPort} now, no longer ${engine.forwardedPort}`,
      }
    : null;
}

/**
 * Why an engine that joined this start of the VPN's container has lost its network. Docker removes the network when
 * the container stops, and a restart creates a new one; engines stay in the old one, in which nothing else is left.
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
  const each = vpns.map(({ name, health, drain }) =>
    drain === null
      ? `${name} is ${health.state} (${health.reason})`
      : `${name} is drained by an operator (${drain.reason})`,
  );
  return `no VPN takes engines now: ${each.join('; ')}`;
}
