import type { DockerApi, Done } from './docker-api';
import { readLog } from './read-log';
import type {
  SwarmNode,
  SwarmService,
  SwarmServiceSpec,
  SwarmTask,
  SwarmTaskFilters,
} from './swarm.types';

/** Services, tasks and nodes; only a manager of a Swarm answers. */
export class DockerSwarm {
  constructor(private readonly api: DockerApi) {}

  /** @param labels `key` or `key=value`; a service has all of them */
  listServices(labels: readonly string[], signal?: AbortSignal): Promise<SwarmService[]> {
    const query = { filters: { label: labels } };
    return this.api.list<SwarmService>({ path: '/services', query, signal }, 'ID');
  }

  /** Null when it is not there. */
  findService(idOrName: string, signal?: AbortSignal): Promise<SwarmService | null> {
    return this.api.objectOrNull<SwarmService>({ path: pathOf(idOrName, ''), signal }, 'ID');
  }

  /**
   * @returns its id
   * @throws DockerError `name_conflict`, `network_missing`, `port_conflict`, `runtime_refused`. A missing image
   *   is no failure here: the task fails.
   */
  createService(spec: SwarmServiceSpec, signal?: AbortSignal): Promise<string> {
    const deadlineMs = this.api.tuning.changeMs;
    const path = '/services/create';
    return this.api.create({ method: 'POST', path, body: spec, deadlineMs, signal }, 'ID');
  }

  /** @param versionIndex of the service that the change was made from */
  async updateService(
    id: string,
    versionIndex: number,
    spec: SwarmServiceSpec,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.api.act('change', {
      method: 'POST',
      path: pathOf(id, '/update'),
      query: { version: versionIndex },
      body: spec,
      deadlineMs: this.api.tuning.changeMs,
      signal,
    });
  }

  /** Its tasks end later, by themselves. */
  removeService(id: string, signal?: AbortSignal): Promise<Done> {
    const deadlineMs = this.api.tuning.changeMs;
    return this.api.makeSo('change', {
      method: 'DELETE',
      path: pathOf(id, ''),
      deadlineMs,
      signal,
    });
  }

  /** Swarm keeps some tasks that are over, so there may be several of one service. */
  listTasks(filters: SwarmTaskFilters, signal?: AbortSignal): Promise<SwarmTask[]> {
    return this.api.list<SwarmTask>({ path: '/tasks', query: { filters }, signal }, 'ID');
  }

  listNodes(signal?: AbortSignal): Promise<SwarmNode[]> {
    return this.api.list<SwarmNode>({ path: '/nodes', signal }, 'ID');
  }

  /** The newest lines of all its tasks, newest last. */
  serviceLogs(id: string, lines: number, signal?: AbortSignal): Promise<string[]> {
    return readLog(this.api, pathOf(id, '/logs'), lines, signal);
  }
}

function pathOf(idOrName: string, verb: string): string {
  return `/services/${idOrName}${verb}`;
}
