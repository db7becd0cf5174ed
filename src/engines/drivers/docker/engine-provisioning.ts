import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { containerName } from '../containers/container-name';
import { labelFilter, readEngineLabels } from '../containers/engine-labels';
import type { EngineRecipe } from '../containers/engine-recipe';
import { calledOff } from '../containers/runtime-failure';
import {
  type ProvisioningRequest,
  RuntimeError,
  type ObservedEngine,
} from '../engine-runtime.port';
import type { AbandonedOrders } from '../containers/abandoned-orders';
import { type DockerClient, DockerError, isAbsent } from '../docker-client';
import { containerOptions } from './container-spec';
import type { EngineImage } from './engine-image';
import type { EngineListing } from './engine-listing';
import type { EnginePlace, EnginePlaces } from './engine-places';
import type { EngineReach } from './engine-reach';

/** Ports tried for one order: when several are taken, the range is somebody else's. */
const MAX_PORT_TRIES = 3;

/** Names tried for one order; they are random, so a second conflict is no accident. */
const MAX_NAME_TRIES = 3;

export interface ProvisioningParts {
  readonly containers: Pick<DockerClient['containers'], 'create' | 'start' | 'remove' | 'list'>;
  readonly recipe: Pick<EngineRecipe, 'imageReference' | 'specHash' | 'launch'>;
  readonly image: Pick<EngineImage, 'ensure'>;
  readonly places: Pick<EnginePlaces, 'find'>;
  readonly listing: Pick<EngineListing, 'inspect'>;
  readonly abandoned: AbandonedOrders;
  readonly instance: string;
  /** Of the product. */
  readonly version: string;
  /** 0: without limit. */
  readonly memoryLimitBytes: number;
}

/**
 * Makes one engine and starts it, all or nothing: whatever goes wrong after a container may exist, it is
 * removed, and its ports are free. A container whose start failed is never started again, because Docker
 * may then start it without its ports.
 */
export class EngineProvisioning {
  private readonly logger = new Logger(EngineProvisioning.name);

  constructor(private readonly parts: ProvisioningParts) {}

  /** @throws RuntimeError, after which nothing is left; also when `signal` fired */
  async provision(
    order: ProvisioningRequest,
    reach: EngineReach,
    signal: AbortSignal,
  ): Promise<ObservedEngine> {
    await this.parts.image.ensure(signal);
    for (let tries = 1; ; tries += 1) {
      refuseWhenAborted(signal);
      // A try that failed may have given the order up, and this one's engine is wanted.
      this.parts.abandoned.forgive(order.key);
      const place = await this.parts.places.find(order, reach);
      try {
        return await this.provisionAt(place, order, reach, signal);
      } catch (error) {
        if (!isPortConflict(error) || place.publishedPort === null) throw error;
        place.avoidPublished();
        if (tries === MAX_PORT_TRIES) throw error;
        this.logger.warn(
          `port ${place.publishedPort} is taken by another program, trying the next`,
        );
      } finally {
        place.release();
      }
    }
  }

  private async provisionAt(
    place: EnginePlace,
    order: ProvisioningRequest,
    reach: EngineReach,
    signal: AbortSignal,
  ): Promise<ObservedEngine> {
    let id: string | null = null;
    try {
      // Neither call is cut by the signal: Docker would go on with it, and who knows for how long.
      id = await this.create(place, order, reach, signal);
      refuseWhenAborted(signal);
      await this.parts.containers.start(id);
      const engine = await this.parts.listing.inspect(id, reach);
      refuseWhenAborted(signal);
      if (engine !== null) return engine;
      throw new RuntimeError('runtime_refused', 'the container was removed right after its start');
    } catch (error) {
      await this.discard(order.key, id, error);
      throw isWithoutSeat(error, order) ? seatGone(order, error) : error;
    }
  }

  /** @returns the container's id */
  private async create(
    place: EnginePlace,
    order: ProvisioningRequest,
    reach: EngineReach,
    signal: AbortSignal,
  ): Promise<string> {
    const { instance, version, recipe, memoryLimitBytes } = this.parts;
    const options = containerOptions({
      ...place,
      order,
      instance,
      version,
      recipe,
      reach,
      memoryLimitBytes,
    });
    let random = order.key;
    for (let tries = 1; ; tries += 1) {
      refuseWhenAborted(signal);
      const name = containerName(instance, random);
      try {
        return await this.parts.containers.create(name, options);
      } catch (error) {
        const isTaken = error instanceof RuntimeError && error.code === 'name_conflict';
        if (!isTaken || tries === MAX_NAME_TRIES) throw error;
        this.logger.warn(`another container is called ${name}, choosing another name`);
        random = randomBytes(6).toString('hex');
      }
    }
  }

  /** Makes the container absent. One that Docker may still make, or would not remove, is remembered. */
  private async discard(key: string, id: string | null, cause: unknown): Promise<void> {
    // One whose id is known is gone when it is removed, whatever Docker said of its start (a taken port is a 500).
    if (id === null) {
      if (!leavesUnclear(cause)) return;
      this.parts.abandoned.add(key);
    }
    try {
      for (const found of id === null ? await this.findByKey(key) : [id]) {
        await this.parts.containers.remove(found);
      }
    } catch (error) {
      if (isAbsent(error)) return;
      this.parts.abandoned.add(key);
      const why = error instanceof Error ? error.message : String(error);
      this.logger.warn(
        `the container of a failed provisioning request will be removed later: ${why}`,
      );
    }
  }

  private async findByKey(key: string): Promise<string[]> {
    const containers = await this.parts.containers.list(labelFilter(this.parts.instance));
    return containers.flatMap(({ Id, Labels }) =>
      readEngineLabels(Labels)?.key === key ? [Id] : [],
    );
  }
}

/** Docker gave no answer, or failed in the middle of its work: it may have done what it was asked for. */
function leavesUnclear(error: unknown): boolean {
  return error instanceof DockerError && (error.status === null || error.status >= 500);
}

function isPortConflict(error: unknown): boolean {
  return error instanceof RuntimeError && error.code === 'port_conflict';
}

/** Docker names the container whose network was to be joined: it is not there, or does not run. */
function isWithoutSeat(error: unknown, { vpnSlot }: ProvisioningRequest): boolean {
  const isRefusal = error instanceof RuntimeError && error.code === 'runtime_refused';
  return isRefusal && vpnSlot !== null && error.message.includes(vpnSlot.containerId);
}

function seatGone({ vpnSlot }: ProvisioningRequest, cause: unknown): RuntimeError {
  const why = `the network of ${vpnSlot?.vpn ?? 'the VPN'} is not there`;
  return new RuntimeError('network_missing', why, { cause });
}

function refuseWhenAborted(signal: AbortSignal): void {
  if (signal.aborted) throw calledOff(signal.reason);
}
