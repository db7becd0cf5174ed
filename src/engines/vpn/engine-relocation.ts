import type { PlacedEngine } from './engine-placement.port';
import { openSlots, type Vpn } from './vpn';

/** The VPN with the most engines gives one up when it has this many more than the VPN with the fewest. */
const MAX_IMBALANCE = 2;

/**
 * An idle engine that should be removed, because a new engine would be of more use: behind the VPN with the fewest
 * engines, or behind the same VPN with its forwarded port.
 */
export interface Relocation {
  readonly engineId: string;
  readonly vpn: string;
  readonly cause: 'balance' | 'port';
  readonly reason: string;
}

/**
 * Returns the one relocation that is wanted now; null if none is. The last one stays wanted while its engine exists
 * and its cause may still hold. Otherwise it would seem needless as soon as the successor exists; the fleet could
 * then remove the wrong one of the two, and the relocation would begin again.
 */
export function wantedRelocation(
  vpns: readonly Vpn[],
  present: readonly PlacedEngine[],
  last: Relocation | null,
): Relocation | null {
  if (last !== null && isStillWanted(last, vpns, present)) return last;
  return portRelocation(vpns, present) ?? balanceRelocation(vpns, present);
}

function isStillWanted(
  relocation: Relocation,
  vpns: readonly Vpn[],
  present: readonly PlacedEngine[],
): boolean {
  if (!present.some(({ id }) => id === relocation.engineId)) return false;
  switch (relocation.cause) {
    case 'balance':
      return vpnsToBalance(vpns) !== null;
    case 'port':
      return openSlots(vpns).some(
        ({ vpn, forwardedPort }) => vpn === relocation.vpn && forwardedPort !== null,
      );
  }
}

/**
 * Replaces an engine so that its successor can use the forwarded port: a VPN often learns its port when engines run
 * behind it already. There is no relocation while the VPN is recovering and another one is stable, because the
 * successor would be placed behind the stable one, and the port would stay unused.
 */
function portRelocation(vpns: readonly Vpn[], present: readonly PlacedEngine[]): Relocation | null {
  for (const { vpn: name, forwardedPort } of openSlots(vpns)) {
    if (forwardedPort === null) continue;
    const behind = enginesBehind(name, present);
    const spare = spareOf(behind);
    const isHeld = behind.some((engine) => engine.forwardedPort !== null);
    if (isHeld || spare === null) continue;
    const reason = `no engine uses port ${forwardedPort}, which VPN ${name} forwards`;
    return { engineId: spare.id, vpn: name, cause: 'port', reason };
  }
  return null;
}

function balanceRelocation(
  vpns: readonly Vpn[],
  present: readonly PlacedEngine[],
): Relocation | null {
  const loads = (vpnsToBalance(vpns) ?? []).map(({ name }) => {
    const behind = enginesBehind(name, present);
    return { name, size: behind.length, spare: spareOf(behind) };
  });
  const fewest = Math.min(...loads.map(({ size }) => size));
  const most = Math.max(...loads.map(({ size }) => size));
  const fullest = loads.find(({ size, spare }) => size === most && spare !== null);
  if (fullest?.spare === null || fullest === undefined) return null;
  if (most - fewest < MAX_IMBALANCE) return null;
  const reason = `VPN ${fullest.name} has ${most} engines, another one ${fewest}`;
  return { engineId: fullest.spare.id, vpn: fullest.name, cause: 'balance', reason };
}

/**
 * The VPNs between which engines are balanced; null if there are fewer than two, or while one of them may fail again.
 */
function vpnsToBalance(vpns: readonly Vpn[]): readonly Vpn[] | null {
  const candidates = vpns.filter(({ health, drain }) => health.state !== 'down' && drain === null);
  const areSettled = candidates.every(({ health }) => health.state === 'up' && health.bad === null);
  return areSettled && candidates.length > 1 ? candidates : null;
}

function enginesBehind(vpn: string, present: readonly PlacedEngine[]): PlacedEngine[] {
  return present.filter((engine) => engine.vpn?.vpn === vpn);
}

/** An idle engine without a forwarded port, always the same one for the same engines; null if there is none. */
function spareOf(engines: readonly PlacedEngine[]): PlacedEngine | null {
  const idle = engines.filter(
    ({ streams, forwardedPort }) => streams === 0 && forwardedPort === null,
  );
  return idle.reduce<PlacedEngine | null>(
    (chosen, engine) => (chosen === null || engine.id < chosen.id ? engine : chosen),
    null,
  );
}
