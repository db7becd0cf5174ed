/**
 * - `running`: its processes run
 * - `paused`: its processes are paused
 * - `stopped`: never started, ended, or restarting: its network is gone
 */
export type VpnContainerPhase = 'running' | 'paused' | 'stopped';

/** Result of Docker's health check of the container; `none`: it has none. */
export type VpnContainerHealth = 'none' | 'starting' | 'healthy' | 'unhealthy';

/** The address of a container on one network. */
export interface NetworkAddress {
  readonly network: string;
  readonly address: string;
}

/** A VPN's container as Docker reports it. */
export interface VpnContainer {
  readonly id: string;
  /** Each start creates a new network; engines that joined the network of an earlier start have lost it. */
  readonly startedAt: string;
  readonly phase: VpnContainerPhase;
  /** Docker's name of its state: `running`, `exited`, … */
  readonly status: string;
  readonly health: VpnContainerHealth;
  /** The container's addresses, in Docker's order. Networks without an address are left out. */
  readonly addresses: readonly NetworkAddress[];
  /** VPN_SERVICE_PROVIDER from its environment, from which nothing else is read. */
  readonly provider: string | null;
}

/** The containers of VPNs. They belong to the operator: acefleet observes them and never changes them. */
export abstract class VpnContainers {
  /**
   * Null: no container has this name.
   *
   * @throws Error when Docker does not answer in time
   */
  abstract find(name: string): Promise<VpnContainer | null>;
  /**
   * Names of the networks of the container in which acefleet runs; empty if it does not run in a container.
   *
   * @throws Error when Docker does not answer in time
   */
  abstract ownNetworks(): Promise<readonly string[]>;
  /**
   * Calls back with the name of a container that has changed, and with every name when changes may have been missed. A
   * hint that may come often, late or never. Returns the function that unsubscribes.
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
