import type { NetworkCreateOptions, NetworkInspectInfo } from 'dockerode';
import type { DockerApi, Done } from './docker-api';

/** Networks of one Docker Engine. */
export class DockerNetworks {
  constructor(private readonly api: DockerApi) {}

  /** With its containers. Null when it is not there. */
  find(idOrName: string, signal?: AbortSignal): Promise<NetworkInspectInfo | null> {
    const path = pathOf(idOrName);
    return this.api.objectOrNull<NetworkInspectInfo>({ path, signal }, 'Id');
  }

  /** Without their containers. @param labels `key` or `key=value`; a network has all of them */
  list(labels: readonly string[], signal?: AbortSignal): Promise<NetworkInspectInfo[]> {
    const query = { filters: { label: labels } };
    return this.api.list<NetworkInspectInfo>({ path: '/networks', query, signal }, 'Id');
  }

  /**
   * @returns its id
   * @throws DockerError `name_conflict`, `runtime_refused`
   */
  create(
    options: Omit<NetworkCreateOptions, 'abortSignal'>,
    signal?: AbortSignal,
  ): Promise<string> {
    // Otherwise Docker makes a second network of the same name.
    const body = { ...options, CheckDuplicate: true };
    const deadlineMs = this.api.tuning.changeMs;
    return this.api.create(
      { method: 'POST', path: '/networks/create', body, deadlineMs, signal },
      'Id',
    );
  }

  remove(idOrName: string, signal?: AbortSignal): Promise<Done> {
    const deadlineMs = this.api.tuning.changeMs;
    return this.api.makeSo('change', {
      method: 'DELETE',
      path: pathOf(idOrName),
      deadlineMs,
      signal,
    });
  }
}

function pathOf(idOrName: string): string {
  return `/networks/${idOrName}`;
}
