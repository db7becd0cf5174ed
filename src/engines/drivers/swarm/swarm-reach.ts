import type { AppConfig } from '../../../config';
import { RuntimeError } from '../engine-runtime.port';

/** How engines are reached, and which network they join; null: each node's default one. */
export interface SwarmReach {
  readonly kind: 'container' | 'published';
  readonly network: string | null;
}

/** A network that the container of this program is in. */
export interface JoinedNetwork {
  readonly name: string;
  /** Spans the Swarm; services can join no other kind. */
  readonly isOfSwarm: boolean;
}

export type ReachConfig = Pick<AppConfig, 'engineReach' | 'dockerNetwork'>;

/**
 * Addresses in a network of the Swarm are seen from within it only, even on the same machine.
 *
 * @param joined empty when this program runs in no container of this Docker Engine
 * @throws RuntimeError `network_missing`
 */
export function chooseReach(config: ReachConfig, joined: readonly JoinedNetwork[]): SwarmReach {
  // Of several the first by name: the same one at each start. DOCKER_NETWORK says it better.
  const shared = joined
    .filter(({ name, isOfSwarm }) => isOfSwarm && name !== 'ingress')
    .map(({ name }) => name)
    .sort();
  const network = config.dockerNetwork ?? shared[0] ?? null;
  const isInside = network !== null && shared.includes(network);
  const wanted = config.engineReach === 'auto' ? null : config.engineReach;
  const kind = wanted ?? (isInside ? 'container' : 'published');
  if (kind === 'container' && network === null) {
    throw new RuntimeError(
      'network_missing',
      'ENGINE_REACH=container needs a network of the Swarm: none is named by DOCKER_NETWORK, and this program is in none',
    );
  }
  return { kind, network };
}
