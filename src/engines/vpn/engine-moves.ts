import type { PlacedEngine } from './engine-placement.port';
import { openSlots } from './vpn-slots';
import type { Vpn } from './vpn';

/** The fullest VPN gives an engine away when it has so many more than the emptiest. */
const UNBALANCED_BY = 2;

/**
 * An engine that nobody used when it was chosen to be made anew where it is of more use: behind the emptiest VPN, or with
 * the port that its own VPN forwards.
 */
export interface Move {
  readonly engineId: string;
  readonly vpn: string;
  readonly cause: 'balance' | 'port';
  readonly reason: string;
}

/**
 * The one move that is wanted now. One that was wanted before is held on to until its engine is gone: as soon as the
 * successor is there it would seem needless, and whoever then took the wrong one of the two away would
 * begin it all again.
 */
export function wantedMove(
  vpns: readonly Vpn[],
  present: readonly PlacedEngine[],
  last: Move | null,
): Move | null {
  if (last !== null && isStillWanted(last, vpns, present)) return last;
  return portMove(vpns, present) ?? balanceMove(vpns, present);
}

function isStillWanted(
  move: Move,
  vpns: readonly Vpn[],
  present: readonly PlacedEngine[],
): boolean {
  if (!present.some(({ id }) => id === move.engineId)) return false;
  switch (move.cause) {
    case 'balance':
      return placesInBalance(vpns) !== null;
    case 'port':
      return openSlots(vpns).some(
        ({ vpn, forwardedPort }) => vpn === move.vpn && forwardedPort !== null,
      );
  }
}

/**
 * A VPN often learns its port when engines run behind it already. Not while it is back since a short while and another one
 * is stable: the successor would be put behind that one, and the port be nobody's still.
 */
function portMove(vpns: readonly Vpn[], present: readonly PlacedEngine[]): Move | null {
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

function balanceMove(vpns: readonly Vpn[], present: readonly PlacedEngine[]): Move | null {
  const places = (placesInBalance(vpns) ?? []).map(({ name }) => {
    const behind = enginesBehind(name, present);
    return { name, size: behind.length, spare: spareOf(behind) };
  });
  const fewest = Math.min(...places.map(({ size }) => size));
  const most = Math.max(...places.map(({ size }) => size));
  const fullest = places.find(({ size, spare }) => size === most && spare !== null);
  if (fullest?.spare === null || fullest === undefined) return null;
  if (most - fewest < UNBALANCED_BY) return null;
  const reason = `VPN ${fullest.name} has ${most} engines, another one ${fewest}`;
  return { engineId: fullest.spare.id, vpn: fullest.name, cause: 'balance', reason };
}

/** The VPNs to be balanced; null while one of them may fail again: an outage is over first. */
function placesInBalance(vpns: readonly Vpn[]): readonly Vpn[] | null {
  const places = vpns.filter(({ health }) => health.state !== 'down');
  const areSettled = places.every(({ health }) => health.state === 'up' && health.bad === null);
  return areSettled && places.length > 1 ? places : null;
}

function enginesBehind(vpn: string, present: readonly PlacedEngine[]): PlacedEngine[] {
  return present.filter((engine) => engine.vpn?.vpn === vpn);
}

/** An engine that can be spared; the same one whenever it is asked for. Who holds a port stays. */
function spareOf(engines: readonly PlacedEngine[]): PlacedEngine | null {
  const idle = engines.filter(
    ({ streams, forwardedPort }) => streams === 0 && forwardedPort === null,
  );
  return idle.reduce<PlacedEngine | null>(
    (chosen, engine) => (chosen === null || engine.id < chosen.id ? engine : chosen),
    null,
  );
}
