import { Logger } from '@nestjs/common';
import { labelFilter } from '../containers/engine-labels';
import type { AbandonedOrders } from '../containers/abandoned-orders';
import type { DockerClient, SwarmService, SwarmTask } from '../docker-client';
import type { ObservedEngine } from '../engine-runtime.port';
import { nodeHosts, type NodeHosts, toSeenEngine } from './seen-service';
import type { SwarmSurroundings } from './swarm-surroundings';

const NOWHERE: NodeHosts = new Map();

/** Looks at all engines of one instance, in two or three calls however many there are. */
export class SwarmListing {
  private readonly logger = new Logger(SwarmListing.name);

  constructor(
    private readonly swarm: DockerClient['swarm'],
    private readonly surroundings: Pick<SwarmSurroundings, 'find'>,
    private readonly abandoned: AbandonedOrders,
    private readonly instance: string,
  ) {}

  /** @throws RuntimeError when the Swarm does not answer */
  async look(): Promise<ObservedEngine[]> {
    const label = labelFilter(this.instance);
    const [services, tasks] = await Promise.all([
      this.swarm.listServices(label),
      this.swarm.listTasks({ label }),
    ]);
    const seen = await this.toSeenEngines(services, tasks);
    return seen.filter((engine) => this.isWanted(engine));
  }

  /** Null when it is gone, or not ours. */
  async find(id: string): Promise<ObservedEngine | null> {
    const [service, tasks] = await Promise.all([
      this.swarm.findService(id),
      this.swarm.listTasks({ service: [id] }),
    ]);
    if (service === null) return null;
    return (await this.toSeenEngines([service], tasks))[0] ?? null;
  }

  private async toSeenEngines(
    services: readonly SwarmService[],
    tasks: readonly SwarmTask[],
  ): Promise<ObservedEngine[]> {
    const hosts = await this.hostsFor(services);
    return services.flatMap((service) => {
      const own = tasks.filter(({ ServiceID }) => ServiceID === service.ID);
      return toSeenEngine(service, own, this.instance, hosts) ?? [];
    });
  }

  /** Nodes are asked for only when some engine is reached by its node. */
  private async hostsFor(services: readonly SwarmService[]): Promise<NodeHosts> {
    const isPublished = services.some(({ Spec }) => Spec.EndpointSpec?.Ports !== undefined);
    if (!isPublished) return NOWHERE;
    const [nodes, { localNodeId, localHost }] = await Promise.all([
      this.swarm.listNodes(),
      this.surroundings.find(),
    ]);
    return nodeHosts(nodes, localHost === null ? null : { nodeId: localNodeId, host: localHost });
  }

  /** Left behind by an order that failed while Docker was away: not an engine, and removed now. */
  private isWanted({ id, key }: ObservedEngine): boolean {
    if (!this.abandoned.has(key)) return true;
    this.swarm.removeService(id).catch((error: unknown) => {
      const why = error instanceof Error ? error.message : String(error);
      this.logger.debug(`the service of a failed provisioning request still exists: ${why}`);
    });
    return false;
  }
}
