import { DockerApi } from './docker-api';
import { DockerContainers } from './docker-containers';
import { dockerEndpoint, publishedHost, type DockerEndpoint } from './docker-endpoint';
import { unavailable } from './docker-error';
import { DockerImages } from './docker-images';
import { DockerNetworks } from './docker-networks';
import { DockerSwarm } from './docker-swarm';
import { DockerTransport, type DockerStream } from './docker-transport';
import { DOCKER_TUNING, type DockerTuning } from './docker-tuning';
import { findOwnContainer, readTraces, type OwnContainer } from './own-container';

export interface DockerVersionInfo {
  readonly version: string;
  readonly apiVersion: string;
  readonly os: string;
  /** As Go names it: `amd64`, `arm64`. */
  readonly arch: string;
  readonly kernelVersion: string;
}

export interface DockerSystemInfo {
  readonly id: string;
  readonly name: string;
  readonly os: string;
  /** As the kernel names it: `x86_64`, `aarch64`. */
  readonly architecture: string;
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly swarm: {
    readonly state: 'inactive' | 'pending' | 'active' | 'error' | 'locked';
    readonly nodeId: string;
    /** Only a manager answers questions about services. */
    readonly isManager: boolean;
  };
}

/** Alternatives under each key; all keys must match. */
export interface DockerEventFilters {
  readonly type?: readonly string[];
  readonly label?: readonly string[];
  readonly event?: readonly string[];
  readonly container?: readonly string[];
}

/**
 * One Docker Engine. There should be one of these per engine in a process: it holds the limit on connections.
 *
 * Every call ends by a deadline of its own. Every failure is a `DockerError` with one line for operators; a
 * call whose `signal` fires fails with the signal's reason instead.
 */
export class DockerClient {
  readonly containers: DockerContainers;
  readonly images: DockerImages;
  readonly networks: DockerNetworks;
  readonly swarm: DockerSwarm;
  /** Docker runs on this machine, as far as its address tells. */
  readonly isLocal: boolean;
  /** Under which ports that containers publish are reached from here. */
  readonly publishedHost: string;

  private readonly api: DockerApi;
  private readonly transport: DockerTransport;

  /** @param dockerHost as in DOCKER_HOST; null or empty for the socket that Docker makes by default */
  constructor(dockerHost: string | null, tuning: Partial<DockerTuning> = {}) {
    const endpoint: DockerEndpoint = dockerEndpoint(dockerHost);
    this.transport = new DockerTransport(endpoint);
    this.api = new DockerApi(this.transport, { ...DOCKER_TUNING, ...tuning });
    this.containers = new DockerContainers(this.api);
    this.images = new DockerImages(this.api);
    this.networks = new DockerNetworks(this.api);
    this.swarm = new DockerSwarm(this.api);
    this.isLocal = endpoint.kind === 'socket';
    this.publishedHost = publishedHost(endpoint);
  }

  /** Connections to Docker that are open now, idle ones included. Never more than 10. */
  get openSockets(): number {
    return this.transport.openSockets;
  }

  /** @throws DockerError `docker_unavailable` */
  async ping(signal?: AbortSignal): Promise<void> {
    const deadlineMs = this.api.tuning.lookMs;
    const answer = await this.api.act('look', {
      method: 'GET',
      path: '/_ping',
      deadlineMs,
      signal,
    });
    // Any web server may have a page there.
    if (answer.body.toString('latin1').trim() !== 'OK') {
      throw unavailable('the answer is not that of a Docker Engine');
    }
  }

  async version(signal?: AbortSignal): Promise<DockerVersionInfo> {
    const answer = await this.api.object<VersionAnswer>({ path: '/version', signal }, 'Version');
    return {
      version: answer.Version,
      apiVersion: answer.ApiVersion,
      os: answer.Os,
      arch: answer.Arch,
      kernelVersion: answer.KernelVersion ?? '',
    };
  }

  async info(signal?: AbortSignal): Promise<DockerSystemInfo> {
    const answer = await this.api.object<InfoAnswer>({ path: '/info', signal }, 'ID');
    return {
      id: answer.ID,
      name: answer.Name,
      os: answer.OSType,
      architecture: answer.Architecture,
      cpus: answer.NCPU,
      memoryBytes: answer.MemTotal,
      swarm: {
        state: answer.Swarm?.LocalNodeState ?? 'inactive',
        nodeId: answer.Swarm?.NodeID ?? '',
        isManager: answer.Swarm?.ControlAvailable ?? false,
      },
    };
  }

  /** The container that this program runs in; null outside, and in one of another Docker Engine. */
  async ownContainer(): Promise<OwnContainer | null> {
    return findOwnContainer(this.containers, await readTraces());
  }

  /** One connection's worth of events; `DockerEvents` makes an endless stream of such. */
  streamEvents(filters: DockerEventFilters, signal: AbortSignal): Promise<DockerStream> {
    const deadlineMs = this.api.tuning.lookMs;
    const query = { filters };
    return this.api.stream('look', { method: 'GET', path: '/events', query, deadlineMs, signal });
  }

  /** Ends all calls and closes all connections. Later calls fail with `docker_unavailable`. */
  close(): void {
    this.transport.close();
  }
}

interface VersionAnswer {
  readonly Version: string;
  readonly ApiVersion: string;
  readonly Os: string;
  readonly Arch: string;
  readonly KernelVersion?: string;
}

interface InfoAnswer {
  readonly ID: string;
  readonly Name: string;
  readonly OSType: string;
  readonly Architecture: string;
  readonly NCPU: number;
  readonly MemTotal: number;
  readonly Swarm?: {
    readonly LocalNodeState?: DockerSystemInfo['swarm']['state'];
    readonly NodeID?: string;
    readonly ControlAvailable?: boolean;
  };
}
