import type { EnginesConfig } from '../../engines-config';
import { RuntimeError } from '../engine-runtime.port';
import { AsyncMemo } from '../../../kernel/async-memo';
import { type DockerClient, networksOf } from '../docker-client';
import {
  chooseReach,
  type EngineReach,
  type OwnContainerNetworks,
  type Topology,
} from './engine-reach';

export type TopologyClient = Pick<
  DockerClient,
  'isLocal' | 'publishedHost' | 'ownContainer' | 'info'
> & { readonly containers: Pick<DockerClient['containers'], 'find'> };

export type TopologyConfig = Pick<EnginesConfig, 'engineReach' | 'dockerNetwork' | 'dockerHost'>;

/** The socket of rootless Docker, whose networks are in a separate network namespace. */
const ROOTLESS_SOCKET = /^unix:\/\/\/run\/user\//;

/** Name of the machine of Docker Desktop, which is a VM on Linux too. */
const DESKTOP = 'docker-desktop';

/** Finds out how engines are reached, once per connection to Docker: another Docker Engine may answer later. */
export class NetworkTopology {
  private readonly known = new AsyncMemo(() => this.findOut());

  constructor(
    private readonly client: TopologyClient,
    private readonly config: TopologyConfig,
    private readonly platform: NodeJS.Platform = process.platform,
  ) {}

  /** @throws RuntimeError when Docker does not answer; the next call asks again */
  reach(): Promise<EngineReach> {
    return this.known.get();
  }

  forget(): void {
    this.known.forget();
  }

  private async findOut(): Promise<EngineReach> {
    const own = await this.ownNetworks();
    const { client, config, platform } = this;
    const isAuto = config.engineReach === 'auto';
    const isOnHost = own === null && client.isLocal && platform === 'linux';
    const topology: Topology = {
      platform,
      isLocal: client.isLocal,
      dockerHostName: client.publishedHost,
      hidesContainers: isOnHost && isAuto && (await this.hidesContainers()),
      own,
    };
    return chooseReach(config, topology);
  }

  private async hidesContainers(): Promise<boolean> {
    if (ROOTLESS_SOCKET.test(this.config.dockerHost ?? '')) return true;
    try {
      return (await this.client.info()).name === DESKTOP;
    } catch (error) {
      // A proxy in front of Docker refuses this call; Docker Desktop has no such proxy.
      if (error instanceof RuntimeError && error.code === 'runtime_refused') return false;
      throw error;
    }
  }

  private async ownNetworks(): Promise<OwnContainerNetworks | null> {
    const own = await this.client.ownContainer();
    const container = own === null ? null : await this.client.containers.find(own.id);
    if (container === null) return null;
    return {
      networks: Object.entries(networksOf(container)).map(([name, { Gateway }]) => ({
        name,
        gateway: Gateway === '' ? null : Gateway,
      })),
    };
  }
}
