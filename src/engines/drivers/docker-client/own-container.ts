import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { DockerContainers } from './docker-containers';
import { type ContainerInspectInfo, networksOf } from './docker-types';

/** The container in which acefleet runs, as the Docker Engine reports it. */
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

/** Traces of a container that a process inside it can read. */
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
 * Finds the container in which acefleet runs; null if it runs in none, or in one of another Docker Engine.
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
  /** True if the trace alone proves little, so that the container must also have the hostname of this process. */
  readonly needsHostname: boolean;
}

/** Docker mounts these files into each container from a directory that has the container's id as its name. */
const MOUNTED_FILE = /\/containers\/([0-9a-f]{64})\/\w+ \/etc\/(?:hostname|hosts|resolv\.conf) /g;

/** `/docker/ID`, `/docker-ID.scope` or below another parent. A private cgroup namespace shows only `/`. */
const CGROUP = /[/-]([0-9a-f]{64})(?:\.scope)?$/gm;

/** Unless the operator chose another one, a container's hostname is the beginning of its id. */
const SHORT_ID = /^[0-9a-f]{12}$/;

/** The ids that the own container may have, the most certain first. Only Docker knows which of them exists. */
export function ownContainerCandidates(traces: ContainerTraces): readonly Candidate[] {
  const ids = [
    ...[...traces.mounts.matchAll(MOUNTED_FILE)].map(([, id = '']) => id),
    ...[...traces.cgroups.matchAll(CGROUP)].map(([, id = '']) => id),
  ];
  const certain = [...new Set(ids)].map((id) => ({ id, needsHostname: false }));
  if (!SHORT_ID.test(traces.hostname)) return certain;
  return [...certain, { id: traces.hostname, needsHostname: true }];
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
