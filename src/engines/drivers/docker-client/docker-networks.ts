import type { NetworkInspectInfo } from 'dockerode';
import type { DockerApi } from './docker-api';

/** Networks of one Docker Engine. */
export class DockerNetworks {
  constructor(private readonly api: DockerApi) {}

  /** With its containers. Null when it is not there. */
  find(idOrName: string, signal?: AbortSignal): Promise<NetworkInspectInfo | null> {
    const path = `/networks/${idOrName}`;
    return this.api.objectOrNull<NetworkInspectInfo>({ path, signal }, 'Id');
  }
}
