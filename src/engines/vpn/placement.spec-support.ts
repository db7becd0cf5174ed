import type { PlacedEngine } from './engine-placement.port';
import { type Vpn, uncheckedVpn } from './vpn';
import type { VpnContainer } from './vpn-containers.port';
import type { VpnState } from './vpn-health';

export interface VpnGiven {
  readonly state?: VpnState;
  /** The last observation was bad. */
  readonly isDoubted?: boolean;
  readonly port?: number | null;
  readonly isDrained?: boolean;
  readonly startedAt?: string;
  readonly id?: string;
  readonly container?: Partial<VpnContainer> | 'absent' | null;
}

/** A VPN that is up, with the given differences. Its container's id is its name with `-box`. */
export function vpnOf(name: string, given: VpnGiven = {}): Vpn {
  const { state = 'up', port = null, isDoubted = false, container = {} } = given;
  const { id = `${name}-box`, startedAt = 't1' } = given;
  const blank = uncheckedVpn(name, { from: 19_000, to: 19_499 }, 0);
  const isSeen = container !== null && container !== 'absent';
  return {
    ...blank,
    health: {
      ...blank.health,
      state,
      reason: `it is ${state}`,
      bad: isDoubted ? { count: 1, sinceMs: 0 } : null,
    },
    container: isSeen
      ? {
          id,
          startedAt,
          phase: 'running',
          status: 'running',
          health: 'healthy',
          addresses: [],
          provider: null,
          ...container,
        }
      : container,
    host: isSeen ? `${name}.lan` : null,
    forwardedPort: port,
    drain: given.isDrained === true ? { reason: 'maintenance' } : null,
    checkedAt: new Date(0),
  };
}

/** An idle engine behind a VPN made by `vpnOf`, without a forwarded port, with the given differences. */
export function placed(
  id: string,
  vpn: string | null,
  given: Partial<PlacedEngine> = {},
): PlacedEngine {
  const slot = { vpn: vpn ?? '', containerId: `${vpn}-box`, containerStartedAt: 't1' };
  return { id, vpn: vpn === null ? null : slot, forwardedPort: null, streams: 0, ...given };
}
