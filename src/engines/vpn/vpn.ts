import type { PortRange } from '../../config';
import type { VpnSlot } from '../drivers/engine-runtime.port';
import type { PublicAddress } from './gluetun-answer';
import type { VpnContainer } from './vpn-containers.port';
import { isServing, unknownHealth, type VpnHealth } from './vpn-health';

/** An operator drains the VPN: no engine is created behind it, and those behind it leave. */
export interface VpnDrain {
  /** Free text for operators. */
  readonly reason: string;
}

/** One VPN as of its last check. The object is never changed: each check creates a new one. */
export interface Vpn {
  /** Its container's name, from VPN_CONTAINERS. */
  readonly name: string;
  /** Port range of the engines behind it, which share one address. */
  readonly ports: PortRange;
  readonly health: VpnHealth;
  /** Docker's last answer: `absent` when no container has the name; null when Docker has never answered. */
  readonly container: VpnContainer | 'absent' | null;
  /** Address of the VPN's container and of the engines behind it. */
  readonly host: string | null;
  /** Null when no port is forwarded, or its control server does not report it. */
  readonly forwardedPort: number | null;
  readonly publicAddress: PublicAddress | null;
  /** A fault of its control server, for the operator; null when there is none, or it was not queried. */
  readonly controlFault: string | null;
  /** Null: it is not drained. */
  readonly drain: VpnDrain | null;
  /** Time of the last check; null before the first. */
  readonly checkedAt: Date | null;
}

/** Result of one check of a VPN. */
export type VpnFindings = Omit<Vpn, 'name' | 'ports' | 'drain'>;

export function uncheckedVpn(name: string, ports: PortRange, nowMs: number): Vpn {
  return {
    name,
    ports,
    health: unknownHealth(nowMs),
    container: null,
    host: null,
    forwardedPort: null,
    publicAddress: null,
    controlFault: null,
    drain: null,
    checkedAt: null,
  };
}

/** VPN slots for new engines: behind stable VPNs, and behind recovering ones only while no VPN is stable. */
export function openSlots(vpns: readonly Vpn[]): VpnSlot[] {
  const all = vpns.flatMap(slotOf);
  const stable = all.filter(({ isStable }) => isStable);
  return (stable.length > 0 ? stable : all).map(({ slot }) => slot);
}

interface SlotCandidate {
  readonly slot: VpnSlot;
  readonly isStable: boolean;
}

function slotOf(vpn: Vpn): SlotCandidate[] {
  const { container, host, health } = vpn;
  if (vpn.drain !== null) return [];
  if (!isServing(health.state) || container === null || container === 'absent') return [];
  if (host === null || container.phase !== 'running') return [];
  const slot: VpnSlot = {
    vpn: vpn.name,
    containerId: container.id,
    containerStartedAt: container.startedAt,
    host,
    ports: vpn.ports,
    forwardedPort: vpn.forwardedPort,
  };
  return [{ slot, isStable: health.state === 'up' }];
}
