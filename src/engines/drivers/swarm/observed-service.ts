import { isIP } from 'node:net';
import type { EngineEndpoint } from '../../../ace';
import { type EngineFacts, readEngineLabels } from '../containers/engine-labels';
import type { SwarmNode, SwarmService, SwarmTask } from '../docker-client';
import type { ObservedEngine } from '../engine-runtime.port';
import { newestTask, phaseOf } from './task-phase';

/** By node id: the host at which acefleet reaches ports that the node publishes. */
export type NodeHosts = ReadonlyMap<string, string>;

/**
 * The engine that a service and its tasks show; null when the service is not an engine of this installation. Uses
 * only Docker's answers, so that the result is the same after a restart of acefleet.
 *
 * @param tasks of this service
 */
export function toObservedEngine(
  service: SwarmService,
  tasks: readonly SwarmTask[],
  instance: string,
  hosts: NodeHosts,
): ObservedEngine | null {
  const labels = service.Spec.Labels ?? {};
  const facts = readEngineLabels(labels);
  if (facts?.instance !== instance) return null;
  const task = newestTask(tasks);
  const { phase, detail } = phaseOf(task);
  return {
    id: service.ID,
    key: facts.key,
    name: service.Spec.Name ?? service.ID,
    phase,
    phaseDetail: detail,
    image: imageOf(service),
    imageId: imageOf(service),
    specHash: facts.specHash,
    createdAt: new Date(service.CreatedAt),
    // A task is one run of one container, so a new process has a new task.
    incarnation: task?.ID ?? '',
    endpoint: phase === 'running' && task !== null ? endpointOf(task, facts, hosts) : null,
    apiPort: facts.publishedPort === null ? facts.ports.api : null,
    labels,
    vpn: null,
    forwardedPort: null,
  };
}

/**
 * @param local the node of the Docker Engine that acefleet uses, and the host at which that node is reached; null if
 *   it is reached at its address, like other nodes
 */
export function nodeHosts(
  nodes: readonly SwarmNode[],
  local: { readonly nodeId: string; readonly host: string } | null,
): NodeHosts {
  return new Map(
    nodes.flatMap(({ ID, Status }) => {
      const host = ID === local?.nodeId ? local.host : Status.Addr;
      return host === '' ? [] : [[ID, host] as const];
    }),
  );
}

/** Null while the task does not run, because its addresses and ports lead nowhere yet. */
function endpointOf(task: SwarmTask, facts: EngineFacts, hosts: NodeHosts): EngineEndpoint | null {
  if (task.Status.State !== 'running') return null;
  if (facts.publishedPort === null) {
    const host = addressOf(task);
    return host === null ? null : { host, port: facts.ports.http };
  }
  const host = hosts.get(task.NodeID ?? '');
  const published = task.Status.PortStatus?.Ports?.find(
    ({ TargetPort }) => TargetPort === facts.ports.http,
  );
  return host === undefined || published === undefined
    ? null
    : { host, port: published.PublishedPort };
}

/** Addresses have the form `10.0.1.5/24`. Those in a node's own networks are not reported. */
function addressOf(task: SwarmTask): string | null {
  const addresses = (task.NetworksAttachments ?? []).flatMap(({ Network, Addresses }) =>
    Network.Spec.Name === 'ingress' ? [] : (Addresses ?? []),
  );
  const hosts = addresses.map((address) => address.split('/', 1)[0] ?? '');
  return hosts.find((host) => isIP(host) !== 0) ?? null;
}

function imageOf({ Spec }: SwarmService): string {
  return Spec.TaskTemplate?.ContainerSpec?.Image ?? '';
}
