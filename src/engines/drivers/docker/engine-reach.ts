/** How acefleet reaches engines that have their own network, and which of Docker's networks they join. */
export interface EngineReach {
  readonly kind: 'container' | 'published';
  /** The network that engines join; null: Docker's default one. */
  readonly network: string | null;
  /**
   * Address of the Docker host at which ports are published; empty: all addresses. An engine's API has no password, so
   * it is published on as few addresses as possible.
   */
  readonly bindAddress: string;
  /** The host at which acefleet reaches published ports. */
  readonly publishedHost: string;
}

export interface ReachSettings {
  readonly engineReach: 'auto' | 'container' | 'published';
  /** Null: not set. */
  readonly dockerNetwork: string | null;
}

/** The networks of the container in which acefleet runs. */
export interface OwnContainerNetworks {
  readonly networks: readonly {
    readonly name: string;
    /** The Docker host as seen from that network. */
    readonly gateway: string | null;
  }[];
}

export interface Topology {
  readonly platform: NodeJS.Platform;
  /** Docker is reached at a socket file. */
  readonly isLocal: boolean;
  /** Host name of DOCKER_HOST; a loopback address when Docker is local. */
  readonly dockerHostName: string;
  /** True if containers run where this machine does not reach their addresses: in a VM, or with rootless Docker. */
  readonly hidesContainers: boolean;
  readonly own: OwnContainerNetworks | null;
}

/** Docker's own networks, as opposed to those that an operator created. */
const STANDARD_NETWORKS = new Set(['bridge', 'default', 'host', 'none', 'ingress']);

const LOOPBACK = '127.0.0.1';

export function chooseReach(settings: ReachSettings, topology: Topology): EngineReach {
  const network = settings.dockerNetwork ?? networkOf(topology.own);
  const kind =
    settings.engineReach === 'auto' ? reachable(network, topology) : settings.engineReach;
  const gateway = gatewayOf(network, topology.own);
  if (gateway !== null) return { kind, network, bindAddress: gateway, publishedHost: gateway };
  const host = topology.dockerHostName;
  // The Docker Engine runs on another machine and does not know which of its addresses acefleet can reach.
  const bindAddress = topology.isLocal || isLoopback(host) ? LOOPBACK : '';
  return { kind, network, bindAddress, publishedHost: host };
}

/**
 * Containers reach each other in a network that they share. A program outside of containers reaches them on Linux only,
 * where their networks are interfaces of the machine.
 */
function reachable(network: string | null, topology: Topology): EngineReach['kind'] {
  if (shares(network, topology.own)) return 'container';
  const isOutside =
    topology.own === null || topology.own.networks.some(({ name }) => name === 'host');
  const seesBridges =
    topology.isLocal && topology.platform === 'linux' && !topology.hidesContainers;
  return isOutside && seesBridges ? 'container' : 'published';
}

function shares(network: string | null, own: OwnContainerNetworks | null): boolean {
  return own?.networks.some(({ name }) => name === (network ?? 'bridge')) ?? false;
}

/** The first network by name, so that each start chooses the same one. DOCKER_NETWORK overrides it. */
function networkOf(own: OwnContainerNetworks | null): string | null {
  const names = own?.networks.map(({ name }) => name) ?? [];
  return names.filter((name) => !STANDARD_NETWORKS.has(name)).sort()[0] ?? null;
}

/** Inside a container the gateway is the Docker host; the loopback address is the container's own. */
function gatewayOf(network: string | null, own: OwnContainerNetworks | null): string | null {
  const networks = own?.networks ?? [];
  const shared = networks.find(({ name }) => name === network)?.gateway;
  return shared ?? networks.find(({ gateway }) => gateway !== null)?.gateway ?? null;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
