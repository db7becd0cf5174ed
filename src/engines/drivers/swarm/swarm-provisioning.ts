import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { PortRange } from '../../../config';
import { containerName } from '../containers/container-name';
import { ANY_INSTANCE, labelFilter, readEngineLabels } from '../containers/engine-labels';
import type { EngineRecipe } from '../containers/engine-recipe';
import type { AbandonedOrders } from '../containers/abandoned-orders';
import type { DockerClient, SwarmTask } from '../docker-client';
import type { PortAllocator, PortReservation } from '../containers/port-allocation';
import {
  type ProvisioningRequest,
  RuntimeError,
  type ObservedEngine,
} from '../engine-runtime.port';
import { serviceSpec } from './service-spec';
import type { SwarmImage } from './swarm-image';
import type { SwarmListing } from './swarm-listing';
import type { SwarmReach } from './swarm-reach';
import { untilTaskRuns } from './task-watch';

/** Ports and names tried for one order: when several are taken, that is no accident. */
const MAX_TRIES = 3;

/** All nodes share one set of published ports: an engine may be put on any of them. */
const PORT_SPACE = 'nodes';

export interface ProvisioningParts {
  readonly swarm: DockerClient['swarm'];
  readonly recipe: EngineRecipe;
  readonly image: SwarmImage;
  readonly listing: Pick<SwarmListing, 'find'>;
  readonly allocator: PortAllocator;
  readonly abandoned: AbandonedOrders;
  readonly hostRange: PortRange;
  readonly instance: string;
  /** Of the product. */
  readonly version: string;
  readonly memoryLimitBytes: number;
  readonly constraints: readonly string[];
}

/** Makes one service and waits until its task runs, all or nothing: whatever goes wrong, the service is removed. */
export class SwarmProvisioning {
  private readonly logger = new Logger(SwarmProvisioning.name);

  constructor(private readonly parts: ProvisioningParts) {}

  /** @throws RuntimeError, after which no service is left; the reason of `signal` when that fired */
  async provision(
    order: ProvisioningRequest,
    reach: SwarmReach,
    signal: AbortSignal,
  ): Promise<ObservedEngine> {
    this.parts.abandoned.forgive(order.key);
    for (let tries = 1; ; tries += 1) {
      signal.throwIfAborted();
      const random = tries === 1 ? order.key : randomBytes(6).toString('hex');
      const name = containerName(this.parts.instance, random);
      const port = reach.kind === 'published' ? await this.reservePort() : null;
      try {
        return await this.attempt(order, name, reach.network, port, signal);
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
    for (const taken of port.ports) this.parts.allocator.avoid(PORT_SPACE, taken);
    return true;
  }

  private async attempt(
    order: ProvisioningRequest,
    name: string,
    network: string | null,
    port: PortReservation | null,
    signal: AbortSignal,
  ): Promise<ObservedEngine> {
    const publishedPort = port?.ports[0] ?? null;
    const spec = serviceSpec({ ...this.parts, name, key: order.key, network, publishedPort });
    let id: string | null = null;
    try {
      // Not cut by the signal: Docker would go on with it, and who knows for how long.
      id = await this.parts.swarm.createService(spec);
      await this.untilItRuns(order.key, id, signal);
      const engine = await this.parts.listing.find(id);
      signal.throwIfAborted();
      if (engine !== null) return engine;
      throw new RuntimeError('runtime_refused', 'the service was removed right after its start');
    } catch (error) {
      await this.discard(order.key, id, error);
      throw error;
    }
  }

  private async untilItRuns(key: string, serviceId: string, signal: AbortSignal): Promise<void> {
    const { image } = this.parts;
    const onLook = (task: SwarmTask | null): void => {
      if (task?.Status.State === 'preparing') image.isPrepared(key);
    };
    try {
      await untilTaskRuns(this.parts.swarm, { serviceId, except: null, signal, onLook });
      image.runs(key);
    } catch (error) {
      const isMissing = error instanceof RuntimeError && error.code === 'image_missing';
      if (isMissing) image.isMissing(key, error.message);
      else image.leave(key);
      throw error;
    }
  }

  /** Makes the service absent. One that the Swarm may still make, or would not remove, is remembered. */
  private async discard(key: string, id: string | null, cause: unknown): Promise<void> {
    const isAnswerLost = cause instanceof RuntimeError && cause.code === 'docker_unavailable';
    if (isAnswerLost) this.parts.abandoned.add(key);
    if (id === null && !isAnswerLost) return;
    try {
      for (const found of id === null ? await this.findByKey(key) : [id]) {
        await this.parts.swarm.removeService(found);
      }
    } catch (error) {
      this.parts.abandoned.add(key);
      const why = error instanceof Error ? error.message : String(error);
      this.logger.warn(
        `the service of a failed provisioning request will be removed later: ${why}`,
      );
    }
  }

  private async findByKey(key: string): Promise<string[]> {
    const services = await this.parts.swarm.listServices(labelFilter(this.parts.instance));
    return services.flatMap(({ ID, Spec }) =>
      readEngineLabels(Spec.Labels)?.key === key ? [ID] : [],
    );
  }

  /** Engines of other instances count: they share the nodes, and say by their labels what they have. */
  private async reservePort(): Promise<PortReservation> {
    const services = await this.parts.swarm.listServices(ANY_INSTANCE);
    const ports = services.map(({ Spec }) => readEngineLabels(Spec.Labels)?.publishedPort ?? null);
    const taken = new Set(ports.filter((port) => port !== null));
    const range = this.parts.hostRange;
    return this.parts.allocator.reserve({ space: PORT_SPACE, range, count: 1, taken });
  }
}
