import { Logger } from '@nestjs/common';
import { productVersion } from '../../../config';
import type { EventBus } from '../../../events';
import type { EnginesConfig } from '../../engines-config';
import { asRequestFailure, asRuntimeError } from '../containers/failed-requests';
import { DockerConnectivity } from '../containers/docker-connectivity';
import { ANY_INSTANCE, readEngineLabels } from '../containers/engine-labels';
import { STOP_GRACE_S } from '../containers/engine-recipe';
import { DaemonRuntime } from '../containers/daemon-runtime';
import { PortAllocator, startOffset } from '../containers/port-allocator';
import { DockerClient, type DockerEvent } from '../docker-client';
import {
  type EngineLogs,
  type ProvisioningRequest,
  type EngineUsage,
  type ForeignEngines,
  RuntimeError,
  type RuntimeListener,
  type ObservedEngine,
} from '../engine-runtime.port';
import { EngineImage } from './engine-image';
import { EngineListing } from './engine-listing';
import { PortAssigner } from './port-assigner';
import { EngineProvisioning } from './engine-provisioning';
import { NetworkTopology } from './network-topology';

/** Events that may change an engine. Docker sends many more, such as one for each process of a health check. */
const EVENTS = [
  ...['create', 'start', 'die', 'oom', 'kill', 'stop', 'restart', 'pause', 'unpause'],
  ...['destroy', 'rename', 'update', 'health_status'],
  // Events of networks: a container that loses its network continues to run, and has no event itself.
  ...['connect', 'disconnect'],
];

/** Docker's own label on containers that a Swarm runs. */
const OF_SERVICE = 'com.docker.swarm.service.id';

/** Engines as containers of one Docker Engine. */
export class DockerRuntime extends DaemonRuntime {
  protected override readonly connectivity: DockerConnectivity;
  protected override readonly engineImage: EngineImage;

  private readonly logger = new Logger(DockerRuntime.name);
  private readonly topology: NetworkTopology;
  private readonly listing: EngineListing;
  private readonly provisioning: EngineProvisioning;
  /** Running removals of containers of failed requests, by container. */
  private readonly removals = new Map<string, Promise<void>>();

  constructor(
    config: EnginesConfig,
    instance: string,
    events: Pick<EventBus, 'publish'>,
    client: DockerClient = new DockerClient(config.dockerHost),
  ) {
    super('docker', config, instance, client);
    this.topology = new NetworkTopology(client, config);
    this.connectivity = new DockerConnectivity(client, {
      // Not filtered by label, because events of networks carry the network's labels and only name the container.
      filters: { type: ['container', 'network'], event: EVENTS },
      onEvent: (event, listener) => this.onEvent(event, listener),
      onGap: () => {
        this.topology.forget();
        this.recipe.forget();
        this.engineImage.forget();
        this.listing.forgetAll();
      },
    });
    this.listing = new EngineListing(client, instance, () => this.connectivity.hearsEvents);
    this.engineImage = new EngineImage(client, this.recipe, events);
    this.provisioning = this.makeProvisioning(config);
  }

  async list(): Promise<ObservedEngine[]> {
    const find = async () => {
      await this.recipe.known();
      await this.engineImage.known();
      return this.listing.list(await this.topology.reach());
    };
    const observed = await this.connectivity.list(find, asRuntimeError);
    return observed.filter(({ id, key }) => {
      if (!this.orphans.has(key)) return true;
      this.removeOrphan(id);
      return false;
    });
  }

  async foreignEngines(): Promise<ForeignEngines[]> {
    const containers = await this.client.containers.list(ANY_INSTANCE);
    // A Swarm recreates containers of its services when they are removed.
    const all = containers
      .filter(({ Labels }) => !(OF_SERVICE in Labels))
      .map(({ Labels, State }) => ({ labels: Labels, isRunning: State === 'running' }));
    return this.foreignAmong(all);
  }

  async provision(request: ProvisioningRequest, signal: AbortSignal): Promise<ObservedEngine> {
    try {
      return await this.provisioning.provision(request, await this.topology.reach(), signal);
    } catch (error) {
      throw asRequestFailure(error, signal);
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
    const id = await this.existingId(engineId);
    this.listing.forget(id);
    await this.client.containers.restart(id, STOP_GRACE_S);
  }

  async unpause(engineId: string): Promise<void> {
    await this.client.containers.unpause(await this.existingId(engineId));
  }

  async logs(engineId: string, lines: number): Promise<EngineLogs> {
    const id = await this.existingId(engineId);
    return { lines: await this.client.containers.logs(id, lines) };
  }

  async usage(engineId: string): Promise<EngineUsage> {
    return this.client.containers.usage(await this.existingId(engineId));
  }

  /** Calls in progress fail; engines keep running. */
  async close(): Promise<void> {
    this.connectivity.close();
    this.client.close();
    await Promise.all(this.removals.values());
  }

  private makeProvisioning(config: EnginesConfig): EngineProvisioning {
    const { client, instance, listing, orphans, recipe } = this;
    const allocator = new PortAllocator(startOffset(instance));
    return new EngineProvisioning({
      containers: client.containers,
      recipe,
      image: this.engineImage,
      ports: new PortAssigner(client, recipe, allocator, config.portRangeHost),
      listing,
      orphans,
      instance,
      version: productVersion(),
      memoryLimitBytes: config.engineMemoryLimitBytes,
      cpuLimit: config.engineCpuLimit,
    });
  }

  private onEvent(event: DockerEvent, listener: RuntimeListener): void {
    const id = this.engineOf(event);
    if (id === null) return;
    this.listing.forget(id);
    if (event.type === 'container' && event.action === 'destroy') listener.vanished(id);
    listener.changed();
  }

  /** The id of the engine of this installation that changed; null if another container did. */
  private engineOf({ type, id, attributes }: DockerEvent): string | null {
    if (type === 'container') {
      return readEngineLabels(attributes)?.instance === this.instance ? id : null;
    }
    const { container = '' } = attributes;
    return this.listing.knows(container) ? container : null;
  }

  /** Removes the container of a failed request in the background. A failed removal is tried again at the next listing. */
  private removeOrphan(id: string): void {
    if (this.removals.has(id)) return;
    const removal = this.client.containers
      .remove(id)
      .then(() => this.logger.log(`container ${id} of a failed provisioning request was removed`))
      .catch(() => undefined)
      .finally(() => this.removals.delete(id));
    this.removals.set(id, removal);
  }

  /**
   * The id of the container; null if it does not exist. Throws if it is not an engine of this installation, by its
   * labels or by the last listing, because other containers must never be touched.
   */
  private async ownId(engineId: string): Promise<string | null> {
    if (this.listing.knows(engineId)) return engineId;
    const container = await this.client.containers.find(engineId);
    if (container === null) return null;
    if (readEngineLabels(container.Config.Labels)?.instance === this.instance) return container.Id;
    throw new RuntimeError('runtime_refused', `${engineId} is not an engine of this installation`);
  }

  private async existingId(engineId: string): Promise<string> {
    const id = await this.ownId(engineId);
    if (id !== null) return id;
    throw new RuntimeError('runtime_refused', `there is no engine ${engineId}`);
  }
}
