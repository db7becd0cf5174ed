import { DOCKER_TUNING, DockerApi, type DockerTuning } from './docker-api';
import { DockerContainers } from './docker-containers';
import { dockerEndpoint, publishedHost, type DockerEndpoint } from './docker-endpoint';
import { DockerError, unavailable } from './docker-error';
import { DockerImages } from './docker-images';
import { DockerSwarm } from './docker-swarm';
import { DockerTransport, type DockerStream } from './docker-transport';
import type { NetworkInspectInfo } from './docker-types';
import { findOwnContainer, readTraces, type OwnContainer } from './own-container';

export interface DockerVersionInfo {
  /** Go's name: `amd64`, `arm64`. */
  readonly arch: string;
}

export interface DockerSystemInfo {
  readonly name: string;
  /** Id of its node in a Swarm; empty outside of Swarms. */
  readonly nodeId: string;
}

/** The values of one key are alternatives; all keys must match. */
export interface DockerEventFilters {
  readonly type?: readonly string[];
  readonly label?: readonly string[];
  readonly event?: readonly string[];
  readonly container?: readonly string[];
}

/**
 * One Docker Engine. A process should have one client per Docker Engine, because the client holds the limit on
 * connections.
 *
 * Every call has a deadline. Every failure is a `DockerError` with one line for the operator; a call whose `signal`
 * fires fails with the signal's reason instead.
 */
export class DockerClient {
  readonly containers: DockerContainers;
  readonly images: DockerImages;
  readonly networks: DockerNetworks;
  readonly swarm: DockerSwarm;
  /** True when Docker is reached at a socket file, and so runs on this machine. */
  readonly isLocal: boolean;
  /** The host at which acefleet reaches ports that containers publish. */
  readonly publishedHost: string;

  private readonly api: DockerApi;
  private readonly transport: DockerTransport;

  /** @param dockerHost as in DOCKER_HOST; null or empty for Docker's default socket */
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
    const deadlineMs = this.api.tuning.readMs;
    const answer = await this.api.call('read', {
      method: 'GET',
      path: '/_ping',
      deadlineMs,
      signal,
    });
    // Any web server may have a page at this path.
    if (answer.body.toString('latin1').trim() !== 'OK') {
      throw unavailable('the answer is not that of a Docker Engine');
    }
  }

  async version(signal?: AbortSignal): Promise<DockerVersionInfo> {
    const { Arch } = await this.api.object<VersionAnswer>({ path: '/version', signal }, 'Version');
    return { arch: Arch };
  }

  async info(signal?: AbortSignal): Promise<DockerSystemInfo> {
    const { Name, Swarm } = await this.api.object<InfoAnswer>({ path: '/info', signal }, 'ID');
    return { name: Name, nodeId: Swarm?.NodeID ?? '' };
  }

  /** The container in which acefleet runs; null if it runs in none, or in one of another Docker Engine. */
  async ownContainer(): Promise<OwnContainer | null> {
    return findOwnContainer(this.containers, await readTraces());
  }

  /** Opens one stream of events; `DockerEvents` replaces a stream that ends. */
  streamEvents(filters: DockerEventFilters, signal: AbortSignal): Promise<DockerStream> {
    const deadlineMs = this.api.tuning.readMs;
    const query = { filters };
    return this.api.stream('read', { method: 'GET', path: '/events', query, deadlineMs, signal });
  }

  /** Ends all calls and closes all connections. Later calls fail with `docker_unavailable`. */
  close(): void {
    this.transport.close();
  }
}

/** Networks of one Docker Engine. */
export class DockerNetworks {
  constructor(private readonly api: DockerApi) {}

  /** Null when it does not exist. */
  find(idOrName: string, signal?: AbortSignal): Promise<NetworkInspectInfo | null> {
    const path = `/networks/${idOrName}`;
    return this.api.objectOrNull<NetworkInspectInfo>({ path, signal }, 'Id');
  }
}

/** Why no Docker Engine answers at this address; null when one does. Never throws, leaves no connection behind. */
export async function pingDocker(
  dockerHost: string | null,
  timeoutMs: number,
): Promise<DockerError | null> {
  const client = new DockerClient(dockerHost, { readMs: timeoutMs });
  try {
    await client.ping();
    return null;
  } catch (error) {
    return error instanceof DockerError ? error : unavailable(String(error), error);
  } finally {
    client.close();
  }
}

interface VersionAnswer {
  readonly Version: string;
  readonly Arch: string;
}

interface InfoAnswer {
  readonly ID: string;
  readonly Name: string;
  readonly Swarm?: { readonly NodeID?: string };
}
