import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { ContainerInspectInfo } from 'dockerode';
import { networksOf } from './container-networks';
import type { DockerContainers } from './docker-containers';

/** The container that this program runs in, as the Docker Engine knows it. */
export interface OwnContainer {
  readonly id: string;
  readonly name: string;
  readonly networks: readonly OwnNetwork[];
}

export interface OwnNetwork {
  readonly name: string;
  readonly id: string;
  /** Empty in the host's network. */
  readonly ipAddress: string;
}

/** What a process can see of its container from inside. */
export interface ContainerTraces {
  readonly hostname: string;
  /** `/proc/self/mountinfo`; empty where there is none. */
  readonly mounts: string;
  /** `/proc/self/cgroup`; empty where there is none. */
  readonly cgroups: string;
}

export async function readTraces(): Promise<ContainerTraces> {
  const read = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
  return {
    hostname: hostname(),
    mounts: await read('/proc/self/mountinfo'),
    cgroups: await read('/proc/self/cgroup'),
  };
}

/**
 * Null outside a container, and in one of another Docker Engine.
 *
 * @throws DockerError `docker_unavailable`
 */
export async function findOwnContainer(
  containers: Pick<DockerContainers, 'find'>,
  traces: ContainerTraces,
): Promise<OwnContainer | null> {
  for (const { id, needsHostname } of ownContainerCandidates(traces)) {
    const container = await containers.find(id);
    if (container === null || !container.State.Running) continue;
    if (needsHostname && container.Config.Hostname !== traces.hostname) continue;
    return describe(container);
  }
  return null;
}

interface Candidate {
  readonly id: string;
  /** The trace alone is weak: the container must have our hostname. */
  readonly needsHostname: boolean;
}

/** Docker mounts these files into each container, from a directory that is named after the container's id. */
const MOUNTED_FILE = /\/containers\/([0-9a-f]{64})\/\w+ \/etc\/(?:hostname|hosts|resolv\.conf) /g;

/** `/docker/ID`, `/docker-ID.scope` or below another parent; with a private cgroup namespace there is only `/`. */
const CGROUP = /[/-]([0-9a-f]{64})(?:\.scope)?$/gm;

/** The hostname of a container is the beginning of its id unless somebody chose another. */
const SHORT_ID = /^[0-9a-f]{12}$/;

/** Which containers this may be, the surest first. Whether they are there is for Docker to say. */
export function ownContainerCandidates(traces: ContainerTraces): readonly Candidate[] {
  const ids = [
    ...[...traces.mounts.matchAll(MOUNTED_FILE)].map(([, id = '']) => id),
    ...[...traces.cgroups.matchAll(CGROUP)].map(([, id = '']) => id),
  ];
  const sure = [...new Set(ids)].map((id) => ({ id, needsHostname: false }));
  if (!SHORT_ID.test(traces.hostname)) return sure;
  return [...sure, { id: traces.hostname, needsHostname: true }];
}

function describe(container: ContainerInspectInfo): OwnContainer {
  return {
    id: container.Id,
    name: container.Name.replace(/^\//, ''),
    networks: Object.entries(networksOf(container)).map(([name, network]) => ({
      name,
      id: network.NetworkID,
      ipAddress: network.IPAddress,
    })),
  };
}
