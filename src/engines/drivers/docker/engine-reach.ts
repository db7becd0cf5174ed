/** How the product gets at engines that have a network of their own, which of Docker's they join. */
export interface EngineReach {
  readonly kind: 'container' | 'published';
  /** The network that engines join; null: Docker's default one. */
  readonly network: string | null;
  /**
   * Address of the Docker host at which ports are published; empty: at all of them. An engine's API asks
   * nobody for a password, so it is opened no wider than we need.
   */
  readonly bindAddress: string;
  /** Under which published ports are reached. */
  readonly publishedHost: string;
}

export interface ReachSettings {
  readonly engineReach: 'auto' | 'container' | 'published';
  /** Null: not set. */
  readonly dockerNetwork: string | null;
}

/** The container that this program runs in, when Docker knows it. */
export interface OwnPlace {
  readonly networks: readonly {
    readonly name: string;
    /** The Docker host as that network sees it. */
    readonly gateway: string | null;
  }[];
}

export interface Surroundings {
  readonly platform: NodeJS.Platform;
  /** Docker is asked at a socket file. */
  readonly isLocal: boolean;
  /** Host name of DOCKER_HOST; a loopback address when Docker is local. */
  readonly dockerHostName: string;
  /** Docker runs its containers where this machine does not see their addresses: in a VM, or rootless. */
  readonly hidesContainers: boolean;
  readonly own: OwnPlace | null;
}

/** Docker's names for networks that are not networks between containers chosen by somebody. */
const STANDARD_NETWORKS = new Set(['bridge', 'default', 'host', 'none', 'ingress']);

const LOOPBACK = '127.0.0.1';

export function chooseReach(settings: ReachSettings, around: Surroundings): EngineReach {
  const network = settings.dockerNetwork ?? networkOf(around.own);
  const kind = settings.engineReach === 'auto' ? reachable(network, around) : settings.engineReach;
  const gateway = gatewayOf(network, around.own);
  if (gateway !== null) return { kind, network, bindAddress: gateway, publishedHost: gateway };
  const host = around.dockerHostName;
  // A Docker Engine on another machine: which of its addresses leads here is not known there.
  const bindAddress = around.isLocal || isLoopback(host) ? LOOPBACK : '';
  return { kind, network, bindAddress, publishedHost: host };
}

/**
 * Containers see one another in a network that they share. A program outside of containers sees them on
 * Linux only, where their networks are interfaces of the machine.
 */
function reachable(network: string | null, around: Surroundings): EngineReach['kind'] {
  if (shares(network, around.own)) return 'container';
  const isOutside = around.own === null || around.own.networks.some(({ name }) => name === 'host');
  const seesBridges = around.isLocal && around.platform === 'linux' && !around.hidesContainers;
  return isOutside && seesBridges ? 'container' : 'published';
}

function shares(network: string | null, own: OwnPlace | null): boolean {
  return own?.networks.some(({ name }) => name === (network ?? 'bridge')) ?? false;
}

/** Of several networks the first by name: the same one at each start. DOCKER_NETWORK says it better. */
function networkOf(own: OwnPlace | null): string | null {
  const names = own?.networks.map(({ name }) => name) ?? [];
  return names.filter((name) => !STANDARD_NETWORKS.has(name)).sort()[0] ?? null;
}

/** From within a container the Docker host is the gateway: its loopback address is our own there. */
function gatewayOf(network: string | null, own: OwnPlace | null): string | null {
  const networks = own?.networks ?? [];
  const shared = networks.find(({ name }) => name === network)?.gateway;
  return shared ?? networks.find(({ gateway }) => gateway !== null)?.gateway ?? null;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
