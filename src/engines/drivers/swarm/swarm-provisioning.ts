import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { PortRange } from '../../../config';
import {
  ANY_INSTANCE,
  containerName,
  labelFilter,
  readEngineLabels,
} from '../containers/engine-labels';
import type { EngineRecipe } from '../containers/engine-recipe';
import type { OrphanTracker } from '../containers/failed-requests';
import type { DockerClient, SwarmTask } from '../docker-client';
import type { PortAllocator, PortReservation } from '../containers/port-allocator';
import {
  type ProvisioningRequest,
  RuntimeError,
  type ObservedEngine,
} from '../engine-runtime.port';
import { serviceSpec } from './service-spec';
import type { SwarmImage } from './swarm-image';
import type { SwarmListing } from './swarm-listing';
import type { SwarmReach } from './swarm-topology';
import { untilTaskRuns } from './task-start';

/** Ports and names tried per request. Repeated conflicts have another cause. */
const MAX_TRIES = 3;

/** All nodes share one set of published ports, because an engine may run on any of them. */
const PORT_SPACE = 'nodes';

export interface ProvisioningDeps {
  readonly swarm: Pick<
    DockerClient['swarm'],
    'createService' | 'listServices' | 'listTasks' | 'removeService'
  >;
  readonly recipe: EngineRecipe;
  readonly image: SwarmImage;
  readonly listing: Pick<SwarmListing, 'find'>;
  readonly allocator: PortAllocator;
  readonly orphans: OrphanTracker;
  readonly hostRange: PortRange;
  readonly instance: string;
  /** Version of acefleet. */
  readonly version: string;
  readonly memoryLimitBytes: number;
  readonly cpuLimit: number;
  readonly constraints: readonly string[];
}

/**
 * Creates one service and waits until its task runs. After a failure the service is removed. One that cannot be
 * removed yet is hidden, and a later listing removes it.
 */
export class SwarmProvisioning {
  private readonly logger = new Logger(SwarmProvisioning.name);

  constructor(private readonly deps: ProvisioningDeps) {}

  /** @throws RuntimeError, after which no engine is left; the reason of `signal` when that fired */
  async provision(
    request: ProvisioningRequest,
    reach: SwarmReach,
    signal: AbortSignal,
  ): Promise<ObservedEngine> {
    this.deps.orphans.delete(request.key);
    for (let tries = 1; ; tries += 1) {
      signal.throwIfAborted();
      const random = tries === 1 ? request.key : randomBytes(6).toString('hex');
      const name = containerName(this.deps.instance, random);
      const port = reach.kind === 'published' ? await this.reservePort() : null;
      try {
        return await this.attempt(request, name, reach.network, port, signal);
      } catch (error) {
        if (!this.mayTryAgain(error, port) || tries === MAX_TRIES) throw error;
        this.logger.warn(`${(error as Error).message}: trying again`);
      } finally {
        port?.release();
      }
    }
  }

  private mayTryAgain(error: unknown, port: PortReservation | null): boolean {
    if (!(error instanceof RuntimeError)) return false;
    if (error.code === 'name_conflict') return true;
    if (error.code !== 'port_conflict' || port === null) return false;
    for (const taken of port.ports) this.deps.allocator.avoid(PORT_SPACE, taken);
    return true;
  }

  private async attempt(
    request: ProvisioningRequest,
    name: string,
    network: string | null,
    port: PortReservation | null,
    signal: AbortSignal,
  ): Promise<ObservedEngine> {
    const publishedPort = port?.ports[0] ?? null;
    const { source } = this.deps.image;
    const plan = { ...this.deps, name, key: request.key, network, publishedPort, source };
    const spec = serviceSpec(plan);
    let id: string | null = null;
    try {
      // The signal does not abort this call, because Docker would finish an aborted call at an unknown time.
      id = await this.deps.swarm.createService(spec);
      await this.untilItRuns(request.key, id, signal);
      const engine = await this.deps.listing.find(id);
      signal.throwIfAborted();
      if (engine !== null) return engine;
      throw new RuntimeError('runtime_refused', 'the service was removed right after its start');
    } catch (error) {
      await this.discard(request.key, id, error);
      throw error;
    }
  }

  private async untilItRuns(key: string, serviceId: string, signal: AbortSignal): Promise<void> {
    const { image } = this.deps;
    const onTask = (task: SwarmTask | null): void => {
      if (task?.Status.State === 'preparing') image.onPreparing(key);
    };
    try {
      await untilTaskRuns(this.deps.swarm, { serviceId, except: null, signal, onTask });
      image.onRunning(key);
    } catch (error) {
      const isMissing = error instanceof RuntimeError && error.code === 'image_missing';
      if (isMissing) image.onMissing(key, error.message);
      else image.onEnded(key);
      throw error;
    }
  }

  /** Removes the service. One that the Swarm may still create, or refuses to remove, becomes an orphan. */
  private async discard(key: string, id: string | null, cause: unknown): Promise<void> {
    const isAnswerLost = cause instanceof RuntimeError && cause.code === 'docker_unavailable';
    if (isAnswerLost) this.deps.orphans.add(key);
    if (id === null && !isAnswerLost) return;
    try {
      for (const found of id === null ? await this.findByKey(key) : [id]) {
        await this.deps.swarm.removeService(found);
      }
    } catch (error) {
      this.deps.orphans.add(key);
      const why = error instanceof Error ? error.message : String(error);
      this.logger.warn(
        `the service of a failed provisioning request will be removed later: ${why}`,
      );
    }
  }

  private async findByKey(key: string): Promise<string[]> {
    const services = await this.deps.swarm.listServices(labelFilter(this.deps.instance));
    return services.flatMap(({ ID, Spec }) =>
      readEngineLabels(Spec.Labels)?.key === key ? [ID] : [],
    );
  }

  /** Includes engines of other installations: they share the nodes, and their labels list their ports. */
  private async reservePort(): Promise<PortReservation> {
    const services = await this.deps.swarm.listServices(ANY_INSTANCE);
    const ports = services.map(({ Spec }) => readEngineLabels(Spec.Labels)?.publishedPort ?? null);
    const taken = new Set(ports.filter((port) => port !== null));
    const range = this.deps.hostRange;
    return this.deps.allocator.reserve({ space: PORT_SPACE, range, count: 1, taken });
  }
}
