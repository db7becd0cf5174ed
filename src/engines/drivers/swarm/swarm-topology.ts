import type { AppConfig } from '../../../config';
import { AsyncMemo } from '../../../kernel/async-memo';
import { type ContainerInspectInfo, type DockerClient, networksOf } from '../docker-client';
import { RuntimeError } from '../engine-runtime.port';

/** Where acefleet runs in the Swarm. */
export interface OwnPosition {
  /** The node of the Docker Engine that acefleet uses. */
  readonly localNodeId: string;
  /**
   * The host at which acefleet reaches ports published on that node; null if it is the node's address, as for other
   * nodes.
   */
  readonly localHost: string | null;
  /** The container in which acefleet runs; null if it runs in none of that Docker Engine. */
  readonly own: ContainerInspectInfo | null;
}

/** How engines are reached and which network they join; null: the default network of their node. */
export interface SwarmReach {
  readonly kind: 'container' | 'published';
  readonly network: string | null;
}

export type TopologyClient = Pick<DockerClient, 'info' | 'ownContainer' | 'publishedHost'> & {
  readonly containers: Pick<DockerClient['containers'], 'find'>;
  readonly networks: Pick<DockerClient['networks'], 'find'>;
};

/** Finds where acefleet runs, once per connection to Docker, because another Docker Engine may answer later. */
export class SwarmTopology {
  private readonly position = new AsyncMemo(() => this.locate());

  constructor(
    private readonly client: TopologyClient,
    private readonly config: ReachConfig,
  ) {}

  /** @throws RuntimeError when Docker does not answer; the next call asks again */
  find(): Promise<OwnPosition> {
    return this.position.get();
  }

  /** Determined again for each engine, because networks come and go. */
  async reach(): Promise<SwarmReach> {
    const { own } = await this.find();
    const names = own === null ? [] : Object.keys(networksOf(own));
    const found = await Promise.all(names.map((name) => this.client.networks.find(name)));
    const joined = names.map((name, n) => ({ name, isOfSwarm: found[n]?.Scope === 'swarm' }));
    return chooseReach(this.config, joined);
  }

  forget(): void {
    this.position.forget();
  }

  private async locate(): Promise<OwnPosition> {
    const { nodeId } = await this.client.info();
    const container = await this.client.ownContainer();
    const own = container === null ? null : await this.client.containers.find(container.id);
    return { localNodeId: nodeId, localHost: this.localHost(own), own };
  }

  /** Inside a container the gateway is the machine; the loopback address is the container's own. */
  private localHost(own: ContainerInspectInfo | null): string | null {
    if (own === null) return this.client.publishedHost;
    const networks = networksOf(own);
    if ('host' in networks) return this.client.publishedHost;
    const gateways = Object.values(networks).map(({ Gateway }) => Gateway);
    return gateways.find((gateway) => gateway !== '') ?? null;
  }
}

/** A network that the container of acefleet has joined. */
export interface JoinedNetwork {
  readonly name: string;
  /** True when the network spans the Swarm. Services can join no other kind. */
  readonly isOfSwarm: boolean;
}

export type ReachConfig = Pick<AppConfig, 'engineReach' | 'dockerNetwork'>;

/**
 * Decides how engines are reached and which network they join. Addresses in a network of the Swarm can be reached
 * only from inside that network, even on the same machine.
 *
 * @param joined empty if acefleet runs in no container of this Docker Engine
 * @throws RuntimeError `network_missing`
 */
export function chooseReach(config: ReachConfig, joined: readonly JoinedNetwork[]): SwarmReach {
  // The first network by name, so that each start chooses the same one. DOCKER_NETWORK overrides it.
  const shared = joined
    .filter(({ name, isOfSwarm }) => isOfSwarm && name !== 'ingress')
    .map(({ name }) => name)
    .sort();
  const network = config.dockerNetwork ?? shared[0] ?? null;
  const isInside = network !== null && shared.includes(network);
  const wanted = config.engineReach === 'auto' ? null : config.engineReach;
  const kind = wanted ?? (isInside ? 'container' : 'published');
  if (kind === 'container' && network === null) {
    throw new RuntimeError(
      'network_missing',
      'ENGINE_REACH=container needs a network of the Swarm: none is named by DOCKER_NETWORK, and this program is in none',
    );
  }
  return { kind, network };
}
