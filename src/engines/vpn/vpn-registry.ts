import { Inject, Injectable, Logger } from '@nestjs/common';
import { CONFIG } from '../../config';
import { EventBus } from '../../events';
import { monotonicMs } from '../../kernel/clock';
import { uncheckedVpn, type Vpn, type VpnDrain, type VpnFindings } from './vpn';
import type { EnginesConfig } from '../engines-config';

/**
 * The VPNs of VPN_CONTAINERS, in that order, each as of its last check. Logs and publishes changes. Nothing is stored
 * on disk: after a restart, the VPNs are checked again.
 */
@Injectable()
export class VpnRegistry {
  private readonly logger = new Logger('Vpn');
  private readonly vpns: Map<string, Vpn>;
  private readonly listeners = new Set<() => void>();
  private changes = 0;

  constructor(
    @Inject(CONFIG) config: EnginesConfig,
    private readonly events: EventBus,
  ) {
    const nowMs = monotonicMs();
    this.vpns = new Map(
      config.vpnContainers.map(({ name, ports }) => [
        name,
        uncheckedVpn(name, ports ?? config.portRangeHost, nowMs),
      ]),
    );
  }

  list(): Vpn[] {
    return [...this.vpns.values()];
  }

  get(name: string): Vpn | undefined {
    return this.vpns.get(name);
  }

  /** Grows with each change that affects placement or selection. */
  get revision(): number {
    return this.changes;
  }

  /**
   * Calls back, synchronously, after a change that affects placement or selection; returns the function that
   * unsubscribes.
   */
  subscribe(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  record(name: string, findings: VpnFindings): void {
    const last = this.vpns.get(name);
    if (last === undefined) throw new Error(`no VPN has the name ${name}`);
    const vpn: Vpn = { ...findings, name, ports: last.ports, drain: last.drain };
    this.vpns.set(name, vpn);
    this.publishChanges(last, vpn);
    if (matters(last, vpn)) this.notify();
  }

  /** Drains the VPN, or ends its drain with null. A name that is not in VPN_CONTAINERS is ignored. */
  setDrain(name: string, drain: VpnDrain | null): void {
    const last = this.vpns.get(name);
    if (last === undefined || last.drain?.reason === drain?.reason) return;
    this.vpns.set(name, { ...last, drain });
    const reason = drain?.reason ?? null;
    this.logger.log(`vpn ${name}: ${drain === null ? 'no longer drained' : `drained (${reason})`}`);
    this.events.publish('vpn_drain_changed', { vpn: name, drained: drain !== null, reason });
    this.notify();
  }

  private notify(): void {
    this.changes += 1;
    for (const listener of [...this.listeners]) listener();
  }

  private publishChanges(last: Vpn, { name, health, forwardedPort, controlFault }: Vpn): void {
    const from = last.health.state;
    if (from !== health.state) {
      const line = `vpn ${name}: ${from} -> ${health.state} (${health.reason})`;
      if (health.state === 'down') this.logger.warn(line);
      else this.logger.log(line);
      const { state: to, reason } = health;
      this.events.publish('vpn_state_changed', { vpn: name, from, to, reason });
    }
    if (last.forwardedPort !== forwardedPort) {
      this.logger.log(
        `vpn ${name}: forwarded port ${last.forwardedPort ?? 'none'} -> ${forwardedPort ?? 'none'}`,
      );
      this.events.publish('vpn_port_changed', {
        vpn: name,
        from: last.forwardedPort,
        to: forwardedPort,
      });
    }
    if (controlFault !== null && last.controlFault !== controlFault) {
      this.logger.warn(`vpn ${name}: ${controlFault}`);
    }
  }
}

/** True if placement or selection may now give another answer. */
function matters(last: Vpn, vpn: Vpn): boolean {
  return (
    last.checkedAt === null ||
    last.health.state !== vpn.health.state ||
    (last.health.bad === null) !== (vpn.health.bad === null) ||
    last.forwardedPort !== vpn.forwardedPort ||
    last.host !== vpn.host ||
    startOf(last) !== startOf(vpn)
  );
}

function startOf({ container }: Vpn): string {
  if (container === null || container === 'absent') return String(container);
  return `${container.id} ${container.startedAt} ${container.phase}`;
}
