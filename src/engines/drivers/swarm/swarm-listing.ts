import { Logger } from '@nestjs/common';
import { labelFilter } from '../containers/engine-labels';
import type { OrphanTracker } from '../containers/failed-requests';
import type { DockerClient, SwarmService, SwarmTask } from '../docker-client';
import type { ObservedEngine } from '../engine-runtime.port';
import { nodeHosts, type NodeHosts, toObservedEngine } from './observed-service';
import type { SwarmTopology } from './swarm-topology';

const NOWHERE: NodeHosts = new Map();

/** Lists all engines of one installation in two or three calls, however many there are. */
export class SwarmListing {
  private readonly logger = new Logger(SwarmListing.name);

  constructor(
    private readonly swarm: DockerClient['swarm'],
    private readonly topology: Pick<SwarmTopology, 'find'>,
    private readonly orphans: OrphanTracker,
    private readonly instance: string,
  ) {}

  /** @throws RuntimeError when the Swarm does not answer */
  async list(): Promise<ObservedEngine[]> {
    const label = labelFilter(this.instance);
    const [services, tasks] = await Promise.all([
      this.swarm.listServices(label),
      this.swarm.listTasks({ label }),
    ]);
    const engines = await this.toObservedEngines(services, tasks);
    return engines.filter((engine) => this.isWanted(engine));
  }

  /** Null if it is gone or is not an engine of this installation. */
  async find(id: string): Promise<ObservedEngine | null> {
    const [service, tasks] = await Promise.all([
      this.swarm.findService(id),
      this.swarm.listTasks({ service: [id] }),
    ]);
    if (service === null) return null;
    return (await this.toObservedEngines([service], tasks))[0] ?? null;
  }

  private async toObservedEngines(
    services: readonly SwarmService[],
    tasks: readonly SwarmTask[],
  ): Promise<ObservedEngine[]> {
    const hosts = await this.hostsFor(services);
    return services.flatMap((service) => {
      const own = tasks.filter(({ ServiceID }) => ServiceID === service.ID);
      return toObservedEngine(service, own, this.instance, hosts) ?? [];
    });
  }

  /** Nodes are listed only when an engine is reached at its node. */
  private async hostsFor(services: readonly SwarmService[]): Promise<NodeHosts> {
    const isPublished = services.some(({ Spec }) => Spec.EndpointSpec?.Ports !== undefined);
    if (!isPublished) return NOWHERE;
    const [nodes, { localNodeId, localHost }] = await Promise.all([
      this.swarm.listNodes(),
      this.topology.find(),
    ]);
    return nodeHosts(nodes, localHost === null ? null : { nodeId: localNodeId, host: localHost });
  }

  /** False for the service of a failed request: it does not count as an engine, and its removal is requested here. */
  private isWanted({ id, key }: ObservedEngine): boolean {
    if (!this.orphans.has(key)) return true;
    this.swarm.removeService(id).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      this.logger.debug(`the service of a failed provisioning request still exists: ${why}`);
    });
    return false;
  }
}
