import type { EngineEndpoint } from '../../../ace';
import { type EngineFacts, readEngineLabels } from '../containers/engine-labels';
import type { ObservedEngine, EnginePhase } from '../engine-runtime.port';
import { type ContainerInfo, type ContainerInspectInfo, networksOf } from '../docker-client';
import { VPN_HOST_LABEL } from './container-spec';
import type { EngineReach } from './engine-reach';

/** Docker's error may have many lines; the first one is enough for an operator. */
const MAX_ERROR_CHARS = 200;

/**
 * The engine that an inspection shows; null when the container is not an engine of this installation. Uses only
 * Docker's answer, so that the result is the same after a restart of acefleet.
 */
export function toObservedEngine(
  container: ContainerInspectInfo,
  instance: string,
  reach: EngineReach,
): ObservedEngine | null {
  const labels = container.Config.Labels;
  const facts = readEngineLabels(labels);
  if (facts?.instance !== instance) return null;
  const [phase, phaseDetail] = phaseOf(container.State);
  const hasAddress = phase === 'running' || phase === 'paused';
  return {
    id: container.Id,
    key: facts.key,
    name: container.Name.replace(/^\//, ''),
    phase,
    phaseDetail,
    image: container.Config.Image,
    imageId: container.Image,
    specHash: facts.specHash,
    createdAt: new Date(container.Created),
    incarnation: container.State.StartedAt,
    endpoint: hasAddress ? endpointOf(container, facts, reach) : null,
    apiPort: isPublished(facts, reach) ? null : facts.ports.api,
    labels,
    vpn: facts.vpn,
    forwardedPort: facts.forwardedPort,
  };
}

/**
 * The engine of a list entry, for containers that Docker fails to inspect, such as half removed ones. It has no address,
 * so the fleet does not use it.
 */
export function toListedEngine(container: ContainerInfo, instance: string): ObservedEngine | null {
  const facts = readEngineLabels(container.Labels);
  if (facts?.instance !== instance) return null;
  return {
    id: container.Id,
    key: facts.key,
    name: (container.Names[0] ?? container.Id).replace(/^\//, ''),
    phase: container.State === 'running' ? 'running' : 'ended',
    phaseDetail: `${container.Status}, and Docker fails to inspect it`,
    image: container.Image,
    imageId: null,
    specHash: facts.specHash,
    createdAt: new Date(container.Created * 1000),
    incarnation: '',
    endpoint: null,
    apiPort: null,
    labels: container.Labels,
    vpn: facts.vpn,
    forwardedPort: facts.forwardedPort,
  };
}

/** Maps Docker's container states to the phases of the fleet. */
function phaseOf(state: ContainerInspectInfo['State']): [EnginePhase, string] {
  switch (state.Status) {
    case 'created':
      return ['created', 'created, not started'];
    case 'running':
      return ['running', 'running'];
    case 'paused':
      return ['paused', 'paused'];
    case 'exited':
      return ['ended', exitDetail(state)];
    case 'restarting':
      // A restart policy was set by hand. Between two processes no process runs.
      return ['ended', `${exitDetail(state)}, restarted by Docker`];
    case 'removing':
      return ['ended', 'being removed'];
    case 'dead':
      return ['ended', 'could not be removed by Docker'];
    default:
      return ['ended', `in an unknown state: ${state.Status}`];
  }
}

function exitDetail(state: ContainerInspectInfo['State']): string {
  const how = `exited with code ${state.ExitCode}`;
  const memory = state.OOMKilled ? ', out of memory' : '';
  const [firstLine = ''] = state.Error.split('\n');
  return `${how}${memory}${firstLine === '' ? '' : `: ${firstLine.slice(0, MAX_ERROR_CHARS)}`}`;
}

function endpointOf(
  container: ContainerInspectInfo,
  facts: EngineFacts,
  reach: EngineReach,
): EngineEndpoint | null {
  if (facts.vpn !== null) {
    const host = container.Config.Labels[VPN_HOST_LABEL];
    return host === undefined ? null : { host, port: facts.ports.http };
  }
  if (isPublished(facts, reach) && facts.publishedPort !== null) {
    return { host: reach.publishedHost, port: facts.publishedPort };
  }
  const host = addressOf(container, reach.network);
  return host === null ? null : { host, port: facts.ports.http };
}

/** An engine that was created with another ENGINE_REACH has no published port; then only its own address is left. */
function isPublished(facts: EngineFacts, reach: EngineReach): boolean {
  return facts.vpn === null && reach.kind === 'published' && facts.publishedPort !== null;
}

/** Prefers the current network; an engine that was created with another DOCKER_NETWORK is in a different one. */
function addressOf(container: ContainerInspectInfo, network: string | null): string | null {
  const networks = networksOf(container);
  const wanted = networks[network ?? 'bridge'];
  const all = [...(wanted === undefined ? [] : [wanted]), ...Object.values(networks)];
  const addresses = all.flatMap(({ IPAddress, GlobalIPv6Address }) => [
    IPAddress,
    GlobalIPv6Address,
  ]);
  return addresses.find((address) => address !== '') ?? null;
}
