import { productVersion } from '../../../config';
import type { EventBus } from '../../../events';
import type { EnginesConfig } from '../../engines-config';
import { asRequestFailure, asRuntimeError } from '../containers/failed-requests';
import {
  ANY_INSTANCE,
  containerName,
  LABEL_PREFIX,
  readEngineLabels,
} from '../containers/engine-labels';
import { DockerConnectivity } from '../containers/docker-connectivity';
import { DaemonRuntime } from '../containers/daemon-runtime';
import { PortAllocator, startOffset } from '../containers/port-allocator';
import { DockerClient, DockerError, type DockerEvent, type SwarmService } from '../docker-client';
import {
  type EngineLogs,
  type ProvisioningRequest,
  type EngineUsage,
  type ForeignEngines,
  RuntimeError,
  type RuntimeListener,
  type ObservedEngine,
} from '../engine-runtime.port';
import { SwarmListing } from './swarm-listing';
import { SwarmImage } from './swarm-image';
import { SwarmProvisioning } from './swarm-provisioning';
import { SwarmTopology } from './swarm-topology';
import { newestTask } from './task-phase';
import { untilTaskRuns } from './task-start';

/** Events about engines. Events of containers come only from the node of the Docker Engine that acefleet uses. */
const EVENT_FILTERS = {
  type: ['service', 'container'],
  event: ['create', 'update', 'remove', 'start', 'die'],
};

const RESTART_WITHIN_MS = 120_000;

/**
 * Engines as services of a Docker Swarm, each with one task that runs once. The Docker Engine that acefleet uses must
 * be a manager. Engines behind VPNs are not supported, because a service cannot join the network of a container.
 */
export class SwarmRuntime extends DaemonRuntime {
  protected override readonly connectivity: DockerConnectivity;
  protected override readonly engineImage: SwarmImage;

  private readonly topology: SwarmTopology;
  private readonly listing: SwarmListing;
  private readonly provisioning: SwarmProvisioning;
  private readonly closing = new AbortController();

  constructor(
    config: EnginesConfig,
    instance: string,
    events: Pick<EventBus, 'publish'>,
    client: DockerClient = new DockerClient(config.dockerHost),
  ) {
    super('swarm', config, instance, client);
    this.connectivity = new DockerConnectivity(client, {
      filters: EVENT_FILTERS,
      onEvent: (event, listener) => this.onEvent(event, listener),
      onGap: () => {
        this.topology.forget();
        this.recipe.forget();
      },
    });
    this.engineImage = new SwarmImage(client.images, this.recipe, events);
    this.topology = new SwarmTopology(client, config);
    this.listing = new SwarmListing(client.swarm, this.topology, this.orphans, instance);
    this.provisioning = new SwarmProvisioning({
      swarm: client.swarm,
      recipe: this.recipe,
      image: this.engineImage,
      listing: this.listing,
      allocator: new PortAllocator(startOffset(instance)),
      orphans: this.orphans,
      hostRange: config.portRangeHost,
      instance,
      version: productVersion(),
      memoryLimitBytes: config.engineMemoryLimitBytes,
      cpuLimit: config.engineCpuLimit,
      constraints: config.swarmConstraints,
    });
  }

  list(): Promise<ObservedEngine[]> {
    const find = async () => {
      await this.recipe.known();
      const engines = await this.listing.list();
      this.engineImage.adopt(engines);
      return engines;
    };
    return this.connectivity.list(find, listingFailure);
  }

  async foreignEngines(): Promise<ForeignEngines[]> {
    const services = await this.client.swarm.listServices(ANY_INSTANCE);
    const all = services.map(({ Spec }) => ({ labels: Spec.Labels, isRunning: true }));
    return this.foreignAmong(all);
  }

  async provision(request: ProvisioningRequest, signal: AbortSignal): Promise<ObservedEngine> {
    if (request.vpnSlot !== null) {
      throw refused('an engine of a Swarm cannot be put behind a VPN: use ENGINE_DRIVER=docker');
    }
    const either = AbortSignal.any([signal, this.closing.signal]);
    try {
      return await this.provisioning.provision(request, await this.topology.reach(), either);
    } catch (error) {
      throw asRequestFailure(error, either);
    }
  }

  async remove(engineId: string): Promise<void> {
    const service = await this.client.swarm.findService(engineId);
    if (service === null) return;
    this.refuseForeign(service);
    await this.client.swarm.removeService(engineId);
  }

  async restart(engineId: string): Promise<void> {
    const service = await this.owned(engineId);
    const task = newestTask(await this.client.swarm.listTasks({ service: [engineId] }));
    await this.forceUpdate(service);
    const signal = AbortSignal.any([AbortSignal.timeout(RESTART_WITHIN_MS), this.closing.signal]);
    const start = { serviceId: engineId, except: task?.ID ?? null, signal };
    try {
      await untilTaskRuns(this.client.swarm, start);
    } catch (error) {
      const isLate = signal.aborted && !(error instanceof RuntimeError);
      if (!isLate) throw asRuntimeError(error);
      throw refused(`no new task ran within ${RESTART_WITHIN_MS / 1000} s`, error);
    }
  }

  unpause(): Promise<void> {
    return Promise.reject(refused('a Swarm cannot pause or unpause engines'));
  }

  async logs(engineId: string, lines: number): Promise<EngineLogs> {
    await this.owned(engineId);
    const all = await this.client.swarm.serviceLogs(engineId, lines);
    return { lines: lines > 0 ? all.slice(-lines) : [] };
  }

  async usage(engineId: string): Promise<EngineUsage> {
    await this.owned(engineId);
    const task = newestTask(await this.client.swarm.listTasks({ service: [engineId] }));
    const containerId = task?.Status.ContainerStatus?.ContainerID ?? '';
    if (task?.Status.State !== 'running' || containerId === '') {
      throw refused('the engine does not run, so it uses nothing');
    }
    const { localNodeId } = await this.topology.find();
    if (task.NodeID !== localNodeId) {
      const node = task.NodeID ?? 'unknown';
      throw refused(
        `the engine runs on node ${node}: only the Docker Engine there knows its usage`,
      );
    }
    return this.client.containers.usage(containerId);
  }

  close(): Promise<void> {
    this.closing.abort(new RuntimeError('docker_unavailable', 'the process is shutting down'));
    this.connectivity.close();
    this.client.close();
    return Promise.resolve();
  }

  private onEvent(event: DockerEvent, listener: RuntimeListener): void {
    if (event.type === 'container') {
      if (event.attributes[`${LABEL_PREFIX}instance`] === this.instance) listener.changed();
      return;
    }
    // Events of services carry the name and no labels.
    const name = event.attributes['name'] ?? '';
    if (!name.startsWith(`${containerName(this.instance, '')}-`)) return;
    if (event.action === 'remove') listener.vanished(event.id);
    listener.changed();
  }

  /** Makes the Swarm run an unchanged service again. */
  private async forceUpdate(service: SwarmService): Promise<void> {
    const { TaskTemplate } = service.Spec;
    const ForceUpdate = (TaskTemplate?.ForceUpdate ?? 0) + 1;
    const spec = { ...service.Spec, TaskTemplate: { ...TaskTemplate, ForceUpdate } };
    await this.client.swarm.updateService(service.ID, service.Version.Index, spec);
  }

  private async owned(engineId: string): Promise<SwarmService> {
    const service = await this.client.swarm.findService(engineId);
    if (service === null) throw refused(`the service ${engineId} no longer exists`);
    this.refuseForeign(service);
    return service;
  }

  private refuseForeign(service: SwarmService): void {
    if (readEngineLabels(service.Spec.Labels)?.instance === this.instance) return;
    throw refused(`the service ${service.ID} is not an engine of this installation`);
  }
}

function refused(message: string, cause?: unknown): RuntimeError {
  return new RuntimeError('runtime_refused', message, { cause });
}

/** A failed listing says nothing about engines, whatever its cause. */
function listingFailure(error: unknown): RuntimeError {
  if (error instanceof DockerError && error.status === 503 && /swarm/i.test(error.message)) {
    const message =
      'this Docker Engine is not a manager of a Swarm (docker swarm init, or DOCKER_HOST)';
    return new RuntimeError('docker_unavailable', message, { cause: error });
  }
  const failure = asRuntimeError(error);
  if (failure.code === 'docker_unavailable') return failure;
  return new RuntimeError('docker_unavailable', failure.message, { cause: error });
}
