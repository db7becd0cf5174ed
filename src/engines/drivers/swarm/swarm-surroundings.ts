import { Remembered } from '../containers/remembered';
import { type ContainerInspectInfo, type DockerClient, networksOf } from '../docker-client';
import { chooseReach, type ReachConfig, type SwarmReach } from './swarm-reach';

/** Where we stand in the Swarm. */
export interface Surroundings {
  /** The node of the Docker Engine that we talk to. */
  readonly localNodeId: string;
  /** Under which that node's published ports are reached; null: under its address, as those of the others. */
  readonly localHost: string | null;
  /** The container that this program runs in; null: in none of that Docker Engine. */
  readonly own: ContainerInspectInfo | null;
}

type Client = Pick<
  DockerClient,
  'info' | 'ownContainer' | 'publishedHost' | 'containers' | 'networks'
>;

/** Finds out where we stand, once for each connection to Docker: another one may answer there later. */
export class SwarmSurroundings {
  private readonly known = new Remembered(() => this.look());

  constructor(
    private readonly client: Client,
    private readonly config: ReachConfig,
  ) {}

  /** @throws RuntimeError when Docker does not answer; the next call asks again */
  find(): Promise<Surroundings> {
    return this.known.get();
  }

  /** Asked anew for each engine: networks come and go. */
  async reach(): Promise<SwarmReach> {
    const { own } = await this.find();
    const names = own === null ? [] : Object.keys(networksOf(own));
    const found = await Promise.all(names.map((name) => this.client.networks.find(name)));
    const joined = names.map((name, n) => ({ name, isOfSwarm: found[n]?.Scope === 'swarm' }));
    return chooseReach(this.config, joined);
  }

  forget(): void {
    this.known.forget();
  }

  private async look(): Promise<Surroundings> {
    const { swarm } = await this.client.info();
    const container = await this.client.ownContainer();
    const own = container === null ? null : await this.client.containers.find(container.id);
    return { localNodeId: swarm.nodeId, localHost: this.localHost(own), own };
  }

  /** From within a container the machine is the gateway: its loopback address is our own there. */
  private localHost(own: ContainerInspectInfo | null): string | null {
    if (own === null) return this.client.publishedHost;
    const networks = networksOf(own);
    if ('host' in networks) return this.client.publishedHost;
    const gateways = Object.values(networks).map(({ Gateway }) => Gateway);
    return gateways.find((gateway) => gateway !== '') ?? null;
  }
}
