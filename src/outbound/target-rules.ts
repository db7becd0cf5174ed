import { isIP } from 'node:net';
import type { AllowedTarget } from '../config';
import { networkContains, reachedAddress, refusedKind } from './network-address';

/** A host of this installation, such as the Redis server, at which a target may not be. */
export interface OwnHost {
  /** For messages, such as "the Redis server". */
  readonly what: string;
  /** A name or an IP address. */
  readonly host: string;
}

/** An own host with the addresses of its name. */
export interface ResolvedHost extends OwnHost {
  readonly addresses: readonly string[];
}

export interface Target {
  readonly hostname: string;
  readonly port: number;
}

/**
 * Why a target may not be reached at one of its addresses; null if it may. Public and private addresses are allowed;
 * those that lead into this machine, its cloud or the installation's own servers are not, unless they are listed.
 */
export function refusal(
  { hostname, port }: Target,
  address: string,
  allowed: readonly AllowedTarget[],
  ownHosts: readonly ResolvedHost[],
): string | null {
  const reached = reachedAddress(address);
  if (allowed.some((entry) => matches(entry, hostname, port, reached))) return null;
  const kind = refusedKind(reached);
  if (kind !== null) return kind;
  const own = ownHosts.find(
    ({ host, addresses }) =>
      host.toLowerCase() === hostname || addresses.some((one) => reachedAddress(one) === reached),
  );
  return own === undefined ? null : `the address of ${own.what}`;
}

function matches(entry: AllowedTarget, hostname: string, port: number, reached: string): boolean {
  if (entry.port !== null && entry.port !== port) return false;
  if (entry.bits !== null) return networkContains(entry.host, entry.bits, reached);
  return isIP(entry.host) === 0 ? entry.host === hostname : reachedAddress(entry.host) === reached;
}
