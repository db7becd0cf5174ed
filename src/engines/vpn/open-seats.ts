import type { VpnSeat } from '../drivers/engine-runtime.port';
import type { Vpn } from './vpn';
import { isServing } from './vpn-health';

/** Where engines may be put now: behind the VPNs that are stable, and only when none is behind those that are just back. */
export function openSeats(vpns: readonly Vpn[]): VpnSeat[] {
  const all = vpns.flatMap(seatable);
  const stable = all.filter(({ isStable }) => isStable);
  return (stable.length > 0 ? stable : all).map(({ seat }) => seat);
}

interface Seatable {
  readonly seat: VpnSeat;
  readonly isStable: boolean;
}

function seatable(vpn: Vpn): Seatable[] {
  const { container, host, health } = vpn;
  if (!isServing(health.state) || container === null || container === 'absent') return [];
  if (host === null || container.phase !== 'running') return [];
  const seat: VpnSeat = {
    vpn: vpn.name,
    containerId: container.id,
    containerStartedAt: container.startedAt,
    host,
    ports: vpn.ports,
    forwardedPort: vpn.forwardedPort,
  };
  return [{ seat, isStable: health.state === 'up' }];
}
