import type { DockerApi, Done } from './docker-api';
import type {
  SwarmNode,
  SwarmService,
  SwarmServiceSpec,
  SwarmTask,
  SwarmTaskFilters,
} from './docker-types';

/** Services, tasks and nodes. Only a manager of a Swarm answers these calls. */
export class DockerSwarm {
  constructor(private readonly api: DockerApi) {}

  /** @param labels `key` or `key=value`; a service must have all of them */
  listServices(labels: readonly string[], signal?: AbortSignal): Promise<SwarmService[]> {
    const query = { filters: { label: labels } };
    return this.api.list<SwarmService>({ path: '/services', query, signal }, 'ID');
  }

  /** Null when it does not exist. */
  findService(idOrName: string, signal?: AbortSignal): Promise<SwarmService | null> {
    return this.api.objectOrNull<SwarmService>({ path: pathOf(idOrName, ''), signal }, 'ID');
  }

  /**
   * @returns its id
   * @throws DockerError `name_conflict`, `network_missing`, `port_conflict`, `runtime_refused`. A missing image
   *   is not reported here: the task fails.
   */
  createService(spec: SwarmServiceSpec, signal?: AbortSignal): Promise<string> {
    const deadlineMs = this.api.tuning.changeMs;
    const path = '/services/create';
    return this.api.create({ method: 'POST', path, body: spec, deadlineMs, signal }, 'ID');
  }

  /**
   * @param versionIndex the version of the service on which the change is based; Docker refuses the change if the
   *   service has changed since
   */
  async updateService(
    id: string,
    versionIndex: number,
    spec: SwarmServiceSpec,
    signal?: AbortSignal,
  ): Promise<void> {
    await this.api.call('change', {
      method: 'POST',
      path: pathOf(id, '/update'),
      query: { version: versionIndex },
      body: spec,
      deadlineMs: this.api.tuning.changeMs,
      signal,
    });
  }

  /** Removes the service. Its tasks end later on their own. */
  removeService(id: string, signal?: AbortSignal): Promise<Done> {
    const deadlineMs = this.api.tuning.changeMs;
    return this.api.ensure('change', {
      method: 'DELETE',
      path: pathOf(id, ''),
      deadlineMs,
      signal,
    });
  }

  /** A Swarm keeps some finished tasks, so one service may have several. */
  listTasks(filters: SwarmTaskFilters, signal?: AbortSignal): Promise<SwarmTask[]> {
    return this.api.list<SwarmTask>({ path: '/tasks', query: { filters }, signal }, 'ID');
  }

  listNodes(signal?: AbortSignal): Promise<SwarmNode[]> {
    return this.api.list<SwarmNode>({ path: '/nodes', signal }, 'ID');
  }

  /** The newest lines of all tasks of the service, newest last. */
  serviceLogs(id: string, lines: number, signal?: AbortSignal): Promise<string[]> {
    return this.api.logs(pathOf(id, '/logs'), lines, signal);
  }
}

function pathOf(idOrName: string, verb: string): string {
  return `/services/${idOrName}${verb}`;
}
