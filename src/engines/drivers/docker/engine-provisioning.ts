import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { containerName, labelFilter, readEngineLabels } from '../containers/engine-labels';
import type { EngineRecipe } from '../containers/engine-recipe';
import { type OrphanTracker, requestCancelled } from '../containers/failed-requests';
import {
  type ProvisioningRequest,
  RuntimeError,
  type ObservedEngine,
} from '../engine-runtime.port';
import { type DockerClient, DockerError, isAbsent } from '../docker-client';
import { containerOptions } from './container-spec';
import type { EngineImage } from './engine-image';
import type { EngineListing } from './engine-listing';
import type { PortAssignment, PortAssigner } from './port-assigner';
import type { EngineReach } from './engine-reach';

/** Ports tried per request. When several are taken, another program uses the range. */
const MAX_PORT_TRIES = 3;

/** Names tried per request. They are random, so repeated conflicts have another cause. */
const MAX_NAME_TRIES = 3;

export interface ProvisioningDeps {
  readonly containers: Pick<DockerClient['containers'], 'create' | 'start' | 'remove' | 'list'>;
  readonly recipe: Pick<EngineRecipe, 'specHash' | 'launch'>;
  readonly image: Pick<EngineImage, 'ensure' | 'source'>;
  readonly ports: Pick<PortAssigner, 'assign'>;
  readonly listing: Pick<EngineListing, 'inspect'>;
  readonly orphans: OrphanTracker;
  readonly instance: string;
  /** Version of acefleet. */
  readonly version: string;
  /** 0: without limit. */
  readonly memoryLimitBytes: number;
  /** Processors; 0: without limit. */
  readonly cpuLimit: number;
}

/**
 * Creates and starts one engine. After a failure its container is removed and its ports are released. A container
 * that cannot be removed yet is hidden, and a later listing removes it. A container whose start failed is never
 * started again, because Docker may then start it without its ports.
 */
export class EngineProvisioning {
  private readonly logger = new Logger(EngineProvisioning.name);

  constructor(private readonly deps: ProvisioningDeps) {}

  /** @throws RuntimeError, after which no engine is left; also when `signal` fired */
  async provision(
    request: ProvisioningRequest,
    reach: EngineReach,
    signal: AbortSignal,
  ): Promise<ObservedEngine> {
    await this.deps.image.ensure(signal);
    for (let tries = 1; ; tries += 1) {
      refuseWhenAborted(signal);
      // A failed try may have left this key as an orphan; the engine of this try is wanted.
      this.deps.orphans.delete(request.key);
      const assignment = await this.deps.ports.assign(request, reach);
      try {
        return await this.provisionAt(assignment, request, reach, signal);
      } catch (error) {
        if (!isPortConflict(error) || assignment.publishedPort === null) throw error;
        assignment.avoidPublished();
        if (tries === MAX_PORT_TRIES) throw error;
        this.logger.warn(
          `port ${assignment.publishedPort} is taken by another program, trying the next`,
        );
      } finally {
        assignment.release();
      }
    }
  }

  private async provisionAt(
    assignment: PortAssignment,
    request: ProvisioningRequest,
    reach: EngineReach,
    signal: AbortSignal,
  ): Promise<ObservedEngine> {
    let id: string | null = null;
    try {
      // The signal aborts neither call, because Docker would finish an aborted call at an unknown time.
      id = await this.create(assignment, request, reach, signal);
      refuseWhenAborted(signal);
      await this.deps.containers.start(id);
      const engine = await this.deps.listing.inspect(id, reach);
      refuseWhenAborted(signal);
      if (engine !== null) return engine;
      throw new RuntimeError('runtime_refused', 'the container was removed right after its start');
    } catch (error) {
      await this.discard(request.key, id, error);
      throw lacksVpnNetwork(error, request) ? vpnNetworkMissing(request, error) : error;
    }
  }

  /** @returns the container's id */
  private async create(
    assignment: PortAssignment,
    request: ProvisioningRequest,
    reach: EngineReach,
    signal: AbortSignal,
  ): Promise<string> {
    const { instance, version, recipe, memoryLimitBytes, cpuLimit } = this.deps;
    const options = containerOptions({
      ...assignment,
      request,
      instance,
      version,
      recipe,
      image: this.deps.image.source,
      reach,
      memoryLimitBytes,
      cpuLimit,
    });
    let random = request.key;
    for (let tries = 1; ; tries += 1) {
      refuseWhenAborted(signal);
      const name = containerName(instance, random);
      try {
        return await this.deps.containers.create(name, options);
      } catch (error) {
        const isTaken = error instanceof RuntimeError && error.code === 'name_conflict';
        if (!isTaken || tries === MAX_NAME_TRIES) throw error;
        this.logger.warn(`another container is called ${name}, choosing another name`);
        random = randomBytes(6).toString('hex');
      }
    }
  }

  /** Removes the container. One that Docker may still create, or refuses to remove, becomes an orphan. */
  private async discard(key: string, id: string | null, cause: unknown): Promise<void> {
    // If the id is known, removing the container is enough, whatever Docker answered to the start (a taken port gives
    // status 500).
    if (id === null) {
      if (!mayHaveCreated(cause)) return;
      this.deps.orphans.add(key);
    }
    try {
      for (const found of id === null ? await this.findByKey(key) : [id]) {
        await this.deps.containers.remove(found);
      }
    } catch (error) {
      if (isAbsent(error)) return;
      this.deps.orphans.add(key);
      const why = error instanceof Error ? error.message : String(error);
      this.logger.warn(
        `the container of a failed provisioning request will be removed later: ${why}`,
      );
    }
  }

  private async findByKey(key: string): Promise<string[]> {
    const containers = await this.deps.containers.list(labelFilter(this.deps.instance));
    return containers.flatMap(({ Id, Labels }) =>
      readEngineLabels(Labels)?.key === key ? [Id] : [],
    );
  }
}

/** Docker gave no answer or failed half-way, so it may have created the container. */
function mayHaveCreated(error: unknown): boolean {
  return error instanceof DockerError && (error.status === null || error.status >= 500);
}

function isPortConflict(error: unknown): boolean {
  return error instanceof RuntimeError && error.code === 'port_conflict';
}

/** Docker's message names the VPN container whose network the engine was to join: it is gone or does not run. */
function lacksVpnNetwork(error: unknown, { vpnSlot }: ProvisioningRequest): boolean {
  const isRefusal = error instanceof RuntimeError && error.code === 'runtime_refused';
  return isRefusal && vpnSlot !== null && error.message.includes(vpnSlot.containerId);
}

function vpnNetworkMissing({ vpnSlot }: ProvisioningRequest, cause: unknown): RuntimeError {
  const why = `the network of ${vpnSlot?.vpn ?? 'the VPN'} does not exist`;
  return new RuntimeError('network_missing', why, { cause });
}

function refuseWhenAborted(signal: AbortSignal): void {
  if (signal.aborted) throw requestCancelled(signal.reason);
}
