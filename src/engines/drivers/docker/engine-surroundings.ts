import type { EnginesConfig } from '../../engines.config';
import { RuntimeError } from '../engine-runtime.port';
import { Remembered } from '../containers/remembered';
import { type DockerClient, networksOf } from '../docker-client';
import { chooseReach, type EngineReach, type OwnPlace, type Surroundings } from './engine-reach';

export type SurroundingsClient = Pick<
  DockerClient,
  'isLocal' | 'publishedHost' | 'ownContainer' | 'info'
> & { readonly containers: Pick<DockerClient['containers'], 'find'> };

export type SurroundingsConfig = Pick<
  EnginesConfig,
  'engineReach' | 'dockerNetwork' | 'dockerHost'
>;

/** Where Docker without root listens; its networks are in a network namespace of its own. */
const ROOTLESS_SOCKET = /^unix:\/\/\/run\/user\//;

/** How the machine of Docker Desktop calls itself: a VM, also on Linux. */
const DESKTOP = 'docker-desktop';

/** Finds out how engines are reached, once per connection to Docker: another Docker may stand there later. */
export class EngineSurroundings {
  private readonly known = new Remembered(() => this.findOut());

  constructor(
    private readonly client: SurroundingsClient,
    private readonly config: SurroundingsConfig,
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
    const own = await this.ownPlace();
    const { client, config, platform } = this;
    const isAuto = config.engineReach === 'auto';
    const isOnHost = own === null && client.isLocal && platform === 'linux';
    const around: Surroundings = {
      platform,
      isLocal: client.isLocal,
      dockerHostName: client.publishedHost,
      hidesContainers: isOnHost && isAuto && (await this.hidesContainers()),
      own,
    };
    return chooseReach(config, around);
  }

  private async hidesContainers(): Promise<boolean> {
    if (ROOTLESS_SOCKET.test(this.config.dockerHost ?? '')) return true;
    try {
      return (await this.client.info()).name === DESKTOP;
    } catch (error) {
      // A proxy in front of Docker that does not let this question through is no desktop's.
      if (error instanceof RuntimeError && error.code === 'runtime_refused') return false;
      throw error;
    }
  }

  private async ownPlace(): Promise<OwnPlace | null> {
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
