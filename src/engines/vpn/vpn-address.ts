import type { NetworkAddress } from './vpn-containers.port';

/**
 * Under which of its addresses a VPN's container is reached: the one on a network that we share with it, in our order, else its
 * first. On a Linux host every address on a bridge is reachable; Gluetun's firewall lets in what comes from a
 * network that it is on.
 */
export function reachableAddress(
  addresses: readonly NetworkAddress[],
  shared: readonly string[],
): string | null {
  for (const network of shared) {
    const found = addresses.find((address) => address.network === network);
    if (found !== undefined) return found.address;
  }
  return addresses[0]?.address ?? null;
}
