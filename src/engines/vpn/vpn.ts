import type { PortRange } from '../../config';
import type { PublicAddress } from './gluetun-answer';
import type { VpnContainer } from './vpn-containers.port';
import { unknownHealth, type VpnHealth } from './vpn-health';

/** One VPN as it is known now. Replaced as a whole by each check, never changed. */
export interface Vpn {
  /** Its container's name, as VPN_CONTAINERS has it. */
  readonly name: string;
  /** For engines behind it, which share one address. */
  readonly ports: PortRange;
  readonly health: VpnHealth;
  /** What Docker showed last: `absent` when no container has the name, null when it never answered. */
  readonly container: VpnContainer | 'absent' | null;
  /** Under which it and the engines behind it are reached. */
  readonly host: string | null;
  /** Null when none is forwarded, or its control server does not tell. */
  readonly forwardedPort: number | null;
  readonly publicAddress: PublicAddress | null;
  /** What is to be mended about its control server; null when nothing is, or it was not asked. */
  readonly controlFault: string | null;
  /** Of the last check; null before the first. */
  readonly checkedAt: Date | null;
}

/** What one check of a VPN found out. */
export type VpnFindings = Omit<Vpn, 'name' | 'ports'>;

export function unseenVpn(name: string, ports: PortRange, nowMs: number): Vpn {
  return {
    name,
    ports,
    health: unknownHealth(nowMs),
    container: null,
    host: null,
    forwardedPort: null,
    publicAddress: null,
    controlFault: null,
    checkedAt: null,
  };
}
