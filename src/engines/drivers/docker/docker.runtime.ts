import { Logger } from '@nestjs/common';
import { productVersion } from '../../../config';
import type { EventBus } from '../../../events';
import type { EnginesConfig } from '../../engines.config';
import { AbandonedOrders } from '../containers/abandoned-orders';
import { DockerWatch } from '../containers/docker-watch';
import { ANY_INSTANCE, readEngineLabels } from '../containers/engine-labels';
import { STOP_GRACE_S } from '../containers/engine-limits';
import { DaemonRecipe } from '../containers/daemon-recipe';
import { foreignEngines, removalCommand } from '../containers/foreign-engines';
import { PortAllocator, startOffset } from '../containers/port-allocation';
import { asOrderFailure, asRuntimeError } from '../containers/runtime-failure';
import { DockerClient, type DockerEvent } from '../docker-client';
import {
  type EngineLogs,
  type ProvisioningRequest,
  type EngineRuntime,
  type EngineUsage,
  type ForeignEngines,
  RuntimeError,
  type RuntimeImage,
  type RuntimeLink,
  type RuntimeListener,
  type ObservedEngine,
} from '../engine-runtime.port';
import { EngineImage } from './engine-image';
import { EngineListing } from './engine-listing';
import { EnginePlaces } from './engine-places';
import { EngineProvisioning } from './engine-provisioning';
import { EngineSurroundings } from './engine-surroundings';

/** What may change how an engine looks. Docker tells much more, such as each process that a check runs. */
const EVENTS = [
  ...['create', 'start', 'die', 'oom', 'kill', 'stop', 'restart', 'pause', 'unpause'],
  ...['destroy', 'rename', 'update', 'health_status'],
  // Of networks: a container that lost its network runs on, and nothing is said of the container itself.
  ...['connect', 'disconnect'],
];

/** Docker's own label of a container that a Swarm runs. */
const OF_SERVICE = 'com.docker.swarm.service.id';

/** Engines as containers of one Docker Engine. */
export class DockerRuntime implements EngineRuntime {
  readonly kind = 'docker';
  readonly removal: string;

  private readonly logger = new Logger(DockerRuntime.name);
  private readonly client: DockerClient;
  private readonly recipe: DaemonRecipe;
  private readonly watch: DockerWatch;
  private readonly surroundings: EngineSurroundings;
  private readonly listing: EngineListing;
  private readonly engineImage: EngineImage;
  private readonly provisioning: EngineProvisioning;
  private readonly abandoned = new AbandonedOrders();
  /** Removals of containers whose orders had failed; by container. */
  private readonly removals = new Map<string, Promise<void>>();

  /**
   * @param instance whose engines these are: part of each engine's labels
   * @param client to be shared with others; it is closed with this
   */
  constructor(
    private readonly config: EnginesConfig,
    private readonly instance: string,
    events: Pick<EventBus, 'publish'>,
    client: DockerClient = new DockerClient(config.dockerHost),
  ) {
    this.client = client;
    this.recipe = new DaemonRecipe(config, 'docker', client);
    this.removal = removalCommand('containers', instance, config.dockerHost);
    this.surroundings = new EngineSurroundings(client, config);
    this.watch = new DockerWatch(client, {
      // Not by label: what happens to networks has the labels of networks, and names the container only.
      filters: { type: ['container', 'network'], event: EVENTS },
      onEvent: (event, listener) => this.onEvent(event, listener),
      onGap: () => {
        this.surroundings.forget();
        this.recipe.forget();
        this.listing.forgetAll();
      },
    });
    this.listing = new EngineListing(client, instance, () => this.watch.hearsEvents);
    this.engineImage = new EngineImage(client, this.recipe, events);
    this.provisioning = this.makeProvisioning(config);
  }

  get specHash(): string {
    return this.recipe.specHash;
  }

  get profile(): string {
    return this.recipe.profile;
  }

  get link(): RuntimeLink {
    return this.watch.link;
  }

  get image(): RuntimeImage {
    return this.engineImage.state;
  }

  open(listener: RuntimeListener): void {
    this.watch.open(listener);
  }

  async list(): Promise<ObservedEngine[]> {
    const find = async () => {
      await this.recipe.known();
      return this.listing.look(await this.surroundings.reach());
    };
    const seen = await this.watch.look(find, asRuntimeError);
    return seen.filter(({ id, key }) => {
      if (!this.abandoned.has(key)) return true;
      this.clearAway(id);
      return false;
    });
  }

  async foreignEngines(): Promise<ForeignEngines[]> {
    const containers = await this.client.containers.list(ANY_INSTANCE);
    // Those of a Swarm's services come back when they are removed alone.
    const all = containers
      .filter(({ Labels }) => !(OF_SERVICE in Labels))
      .map(({ Labels, State }) => ({ labels: Labels, isRunning: State === 'running' }));
    return foreignEngines(all, this.instance, (instance) =>
      removalCommand('containers', instance, this.config.dockerHost),
    );
  }

  async provision(order: ProvisioningRequest, signal: AbortSignal): Promise<ObservedEngine> {
    try {
      return await this.provisioning.provision(order, await this.surroundings.reach(), signal);
    } catch (error) {
      throw asOrderFailure(error, signal);
    }
  }

  async remove(engineId: string): Promise<void> {
    const id = await this.ownId(engineId);
    if (id === null) return;
    try {
      if ((await this.client.containers.stop(id, STOP_GRACE_S)) === 'absent') return;
    } catch (error) {
      this.logger.debug(`engine ${id} does not stop: ${asRuntimeError(error).message}`);
    }
    await this.client.containers.remove(id);
    this.listing.forget(id);
  }

  async restart(engineId: string): Promise<void> {
    const id = await this.present(engineId);
    this.listing.forget(id);
    await this.client.containers.restart(id, STOP_GRACE_S);
  }

  async unpause(engineId: string): Promise<void> {
    await this.client.containers.unpause(await this.present(engineId));
  }

  async logs(engineId: string, lines: number): Promise<EngineLogs> {
    const id = await this.present(engineId);
    return { lines: await this.client.containers.logs(id, lines) };
  }

  async usage(engineId: string): Promise<EngineUsage> {
    return this.client.containers.usage(await this.present(engineId));
  }

  demoChannels(): Promise<readonly { readonly id: string; readonly name: string }[]> {
    return Promise.resolve([]);
  }

  /** Calls under way fail; engines run on. */
  async close(): Promise<void> {
    this.watch.close();
    this.engineImage.close();
    this.client.close();
    await Promise.all(this.removals.values());
  }

  private makeProvisioning(config: EnginesConfig): EngineProvisioning {
    const { client, instance, listing, abandoned, recipe } = this;
    const allocator = new PortAllocator(startOffset(instance));
    return new EngineProvisioning({
      containers: client.containers,
      recipe,
      image: this.engineImage,
      places: new EnginePlaces(client, recipe, allocator, config.portRangeHost),
      listing,
      abandoned,
      instance,
      version: productVersion(),
      memoryLimitBytes: config.engineMemoryLimitBytes,
    });
  }

  private onEvent(event: DockerEvent, listener: RuntimeListener): void {
    const id = this.engineOf(event);
    if (id === null) return;
    this.listing.forget(id);
    if (event.type === 'container' && event.action === 'destroy') listener.vanished(id);
    listener.changed();
  }

  /** The engine of ours that it happened to; null: it was somebody else. */
  private engineOf({ type, id, attributes }: DockerEvent): string | null {
    if (type === 'container') {
      return readEngineLabels(attributes)?.instance === this.instance ? id : null;
    }
    const { container = '' } = attributes;
    return this.listing.knows(container) ? container : null;
  }

  /** Removes what a failed order has left, beside all else; what fails is tried again at the next look. */
  private clearAway(id: string): void {
    if (this.removals.has(id)) return;
    const removal = this.client.containers
      .remove(id)
      .then(() => this.logger.log(`container ${id} of a failed provisioning request was removed`))
      .catch(() => undefined)
      .finally(() => this.removals.delete(id));
    this.removals.set(id, removal);
  }

  /**
   * Whose id this is, is for its labels to say unless a look has just shown it: nothing that is not ours is
   * touched. Null when there is no such container.
   */
  private async ownId(engineId: string): Promise<string | null> {
    if (this.listing.knows(engineId)) return engineId;
    const container = await this.client.containers.find(engineId);
    if (container === null) return null;
    if (readEngineLabels(container.Config.Labels)?.instance === this.instance) return container.Id;
    throw new RuntimeError('runtime_refused', `${engineId} is not an engine of ours`);
  }

  private async present(engineId: string): Promise<string> {
    const id = await this.ownId(engineId);
    if (id !== null) return id;
    throw new RuntimeError('runtime_refused', `there is no engine ${engineId}`);
  }
}
