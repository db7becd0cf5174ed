import type { EnginesConfig } from '../../engines-config';
import type { DockerClient } from '../docker-client';
import {
  EngineRuntime,
  type ForeignEngines,
  type RuntimeImage,
  type RuntimeLink,
  type RuntimeListener,
} from '../engine-runtime.port';
import { DaemonRecipe } from './daemon-recipe';
import type { DockerConnectivity } from './docker-connectivity';
import { OrphanTracker } from './failed-requests';
import { foreignEngines, type LabelledEngine, removalCommand } from './foreign-engines';

/** The image of the engines, on one Docker Engine or on the nodes of a Swarm. */
interface ContentOfImage {
  readonly state: RuntimeImage;
  refresh(signal: AbortSignal): Promise<void>;
  pin(id: string | null): void;
  discard(id: string): Promise<void>;
}

/**
 * The common part of `DockerRuntime` (engines in containers) and `SwarmRuntime` (engines in services). Both use one
 * Docker Engine.
 */
export abstract class DaemonRuntime extends EngineRuntime {
  override readonly removal: string;

  protected readonly recipe: DaemonRecipe;
  protected readonly orphans = new OrphanTracker();
  protected abstract readonly connectivity: DockerConnectivity;
  protected abstract readonly engineImage: ContentOfImage;

  /**
   * @param instance the installation, which is part of each engine's labels
   * @param client may be shared with others; it is closed with this runtime
   */
  constructor(
    override readonly kind: 'docker' | 'swarm',
    protected readonly config: EnginesConfig,
    protected readonly instance: string,
    protected readonly client: DockerClient,
  ) {
    super();
    this.recipe = new DaemonRecipe(config, kind, client);
    this.removal = this.removalOf(instance);
  }

  override get takesLimits(): boolean {
    return this.recipe.takesLimits;
  }

  override get specHash(): string {
    return this.recipe.specHash;
  }

  override get profile(): string {
    return this.recipe.profile;
  }

  override get link(): RuntimeLink {
    return this.connectivity.link;
  }

  override get image(): RuntimeImage {
    return this.engineImage.state;
  }

  override async refreshImage(signal: AbortSignal): Promise<void> {
    await this.recipe.known();
    await this.engineImage.refresh(signal);
  }

  override pinImage(id: string | null): void {
    this.engineImage.pin(id);
  }

  override discardImage(id: string): Promise<void> {
    return this.engineImage.discard(id);
  }

  override open(listener: RuntimeListener): void {
    this.connectivity.open(listener);
  }

  override demoChannels(): Promise<readonly never[]> {
    return Promise.resolve([]);
  }

  /** @param engines of all installations */
  protected foreignAmong(engines: readonly LabelledEngine[]): ForeignEngines[] {
    return foreignEngines(engines, this.instance, (instance) => this.removalOf(instance));
  }

  private removalOf(instance: string): string {
    const unit = this.kind === 'docker' ? 'containers' : 'services';
    return removalCommand(unit, instance, this.config.dockerHost);
  }
}
