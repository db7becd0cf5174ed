import { isIP } from 'node:net';
import type { AllowedTarget } from '../config';
import { isPrivate, networkContains, reachedAddress, refusedKind } from './network-address';

/** A host of this installation, such as the Redis server, which an outbound request may not reach. */
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
  /** True if somebody other than an administrator chose it: then private networks are refused too. */
  readonly isUntrusted?: boolean;
}

/**
 * Why a target may not be reached at one of its addresses; null if it may. Public addresses are allowed, and private ones
 * if an administrator chose the target. Addresses that lead to this machine, to its cloud's metadata or to the servers of
 * the installation are refused unless they are listed.
 */
export function refusal(
  { hostname, port, isUntrusted = false }: Target,
  address: string,
  allowed: readonly AllowedTarget[],
  ownHosts: readonly ResolvedHost[],
): string | null {
  const reached = reachedAddress(address);
  if (allowed.some((entry) => matches(entry, hostname, port, reached))) return null;
  const kind = refusedKind(reached);
  if (kind !== null) return kind;
  if (isUntrusted && isPrivate(reached)) return 'an address of a private network';
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
