import { AsyncMemo } from '../../../kernel/async-memo';
import { type DockerClient, DockerError } from '../docker-client';
import { type EnginePorts, type PortName } from './engine-ports';
import {
  type EngineRecipe,
  engineRecipe,
  isProfileAutomatic,
  type RecipeConfig,
} from './engine-recipe';
import { type Architecture, type ContainerLaunch, type ProfileName } from './image-profiles';

/**
 * The recipe for the Docker Engine that answers now. With ENGINE_PROFILE=auto the architecture of that Docker Engine
 * decides, because this process may run on another machine. In a Swarm, the architectures of all nodes decide.
 */
export class DaemonRecipe implements EngineRecipe {
  private current: EngineRecipe;
  private readonly fitted = new AsyncMemo(() => this.fit());

  constructor(
    private readonly config: RecipeConfig,
    private readonly runtime: 'docker' | 'swarm',
    private readonly client: Pick<DockerClient, 'version'> & {
      readonly swarm: Pick<DockerClient['swarm'], 'listNodes'>;
    },
  ) {
    this.current = engineRecipe(config, runtime);
  }

  get profile(): ProfileName {
    return this.current.profile;
  }

  get imageReference(): string {
    return this.current.imageReference;
  }

  get specHash(): string {
    return this.current.specHash;
  }

  get architectures(): readonly Architecture[] {
    return this.current.architectures;
  }

  get portNames(): readonly PortName[] {
    return this.current.portNames;
  }

  get ownPorts(): EnginePorts {
    return this.current.ownPorts;
  }

  /**
   * Resolves when the recipe fits the Docker Engine that answers.
   *
   * @throws RuntimeError when Docker does not answer; the next call asks again
   */
  known(): Promise<void> {
    return this.fitted.get();
  }

  /** Call when another Docker Engine may answer from now on. */
  forget(): void {
    this.fitted.forget();
  }

  imageObjection(architecture: string): string | null {
    return this.current.imageObjection(architecture);
  }

  sharedNetworkObjection(): string | null {
    return this.current.sharedNetworkObjection();
  }

  get takesLimits(): boolean {
    return this.current.takesLimits;
  }

  launch(ports: EnginePorts): ContainerLaunch {
    return this.current.launch(ports);
  }

  private async fit(): Promise<void> {
    if (!isProfileAutomatic(this.config)) return;
    this.current = engineRecipe(this.config, this.runtime, await this.architecture());
  }

  /** The architecture of the Docker Engine; null if a proxy in front of Docker refuses this call. */
  private async architecture(): Promise<string | null> {
    try {
      return this.runtime === 'swarm'
        ? mostDemanding(await this.nodeArchitectures())
        : (await this.client.version()).arch;
    } catch (error) {
      if (error instanceof DockerError && error.code === 'runtime_refused') return null;
      throw error;
    }
  }

  private async nodeArchitectures(): Promise<string[]> {
    const nodes = await this.client.swarm.listNodes();
    return nodes.flatMap(({ Description }) => Description?.Platform?.Architecture ?? []);
  }
}

/**
 * The architecture for which the image must be built so that it runs on every node: the image for amd64 runs on no other
 * one, and the image for ARM also on amd64.
 */
function mostDemanding(architectures: readonly string[]): string | null {
  const other = architectures.find((one) => one !== 'x86_64' && one !== 'amd64');
  return other ?? architectures[0] ?? null;
}
