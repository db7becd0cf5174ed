/**
 * - `running`: its processes run
 * - `paused`: frozen by somebody
 * - `stopped`: never started, ended, or on the way to its next start: its network is gone
 */
export type VpnContainerPhase = 'running' | 'paused' | 'stopped';

/** What Docker's own health check of the container says; `none`: it has none. */
export type VpnContainerHealth = 'none' | 'starting' | 'healthy' | 'unhealthy';

/** The address of a container on one network. */
export interface NetworkAddress {
  readonly network: string;
  readonly address: string;
}

/** A VPN's container as Docker shows it. */
export interface VpnContainer {
  readonly id: string;
  /** Another value under the same id: another network, to which nothing that joined the last one belongs. */
  readonly startedAt: string;
  readonly phase: VpnContainerPhase;
  /** Docker's word for its state: `running`, `exited`, … */
  readonly status: string;
  readonly health: VpnContainerHealth;
  /** In Docker's order; those without an address are left out. */
  readonly addresses: readonly NetworkAddress[];
  /** VPN_SERVICE_PROVIDER of its environment, of which nothing else is read. */
  readonly provider: string | null;
}

/** The containers of VPNs. They are the operator's: looked at, never touched. */
export abstract class VpnContainers {
  /**
   * Null: no container has this name.
   *
   * @throws Error when Docker does not tell in time
   */
  abstract find(name: string): Promise<VpnContainer | null>;
  /**
   * Networks of the container that this program runs in; empty outside of one.
   *
   * @throws Error when Docker does not tell in time
   */
  abstract ownNetworks(): Promise<readonly string[]>;
  /**
   * Calls back with the name of a container to which something has happened, and with every name when
   * something may have been missed. A hint that may come often, late or never. Returns what ends that.
   */
  abstract follow(names: readonly string[], listener: (name: string) => void): () => void;
}

/** Without Docker there are no VPN containers. */
export class NoVpnContainers extends VpnContainers {
  override find(): Promise<null> {
    return Promise.resolve(null);
  }

  override ownNetworks(): Promise<readonly string[]> {
    return Promise.resolve([]);
  }

  override follow(): () => void {
    return () => undefined;
  }
}
