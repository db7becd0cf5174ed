import type { VpnSlot } from '../drivers/engine-runtime.port';
import type { Vpn } from './vpn';
import { isServing } from './vpn-health';

/** Where engines may be put now: behind the VPNs that are stable, and only when none is behind those that are just back. */
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
