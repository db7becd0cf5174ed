import type { EngineEndpoint } from '../../../ace';
import { type EngineFacts, readEngineLabels } from '../containers/engine-labels';
import type { ObservedEngine, EnginePhase } from '../engine-runtime.port';
import { type ContainerInfo, type ContainerInspectInfo, networksOf } from '../docker-client';
import { VPN_HOST_LABEL } from './container-spec';
import type { EngineReach } from './engine-reach';

/** Docker writes whole stories there: the first line is enough for an operator. */
const MAX_ERROR_CHARS = 200;

/**
 * An engine as an inspection shows it; null when the container is not an engine of this instance. Nothing
 * but the answer of Docker is used, so that every start of ours sees the same.
 */
export function toSeenEngine(
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
 * An engine of which nothing but the list's entry is to be had, because Docker fails to inspect its container, as
 * it does with half removed ones. Without an address it is of no use, and is treated so by whoever decides.
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

/** Docker's states (API of the Docker Engine, container inspection) in the four words of the fleet. */
function phaseOf(state: ContainerInspectInfo['State']): [EnginePhase, string] {
  switch (state.Status) {
    case 'created':
      return ['created', 'created, not started'];
    case 'running':
      return ['running', 'running'];
    case 'paused':
      return ['paused', 'paused'];
    case 'exited':
      return ['ended', exitWords(state)];
    case 'restarting':
      // Somebody gave it a restart policy: between two processes there is none.
      return ['ended', `${exitWords(state)}, restarted by Docker`];
    case 'removing':
      return ['ended', 'being removed'];
    case 'dead':
      return ['ended', 'could not be removed by Docker'];
    default:
      return ['ended', `in an unknown state: ${state.Status}`];
  }
}

function exitWords(state: ContainerInspectInfo['State']): string {
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

/** One that was made when ENGINE_REACH said otherwise has no published port: then its own address is all there is. */
function isPublished(facts: EngineFacts, reach: EngineReach): boolean {
  return facts.vpn === null && reach.kind === 'published' && facts.publishedPort !== null;
}

/** In the network of now; one made when DOCKER_NETWORK said otherwise has another. */
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
