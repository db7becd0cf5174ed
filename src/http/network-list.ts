import { BlockList, isIP, isIPv6 } from 'node:net';

/** A set of IP addresses, given as addresses and as networks in CIDR notation. */
export class NetworkList {
  private readonly list = new BlockList();

  /** @param entries well-formed, as the settings and the API check them */
  constructor(entries: readonly string[]) {
    for (const entry of entries) {
      const [address = '', prefix] = entry.split('/');
      const family = isIPv6(address) ? 'ipv6' : 'ipv4';
      if (prefix === undefined) this.list.addAddress(address, family);
      else this.list.addSubnet(address, Number(prefix), family);
    }
  }

  /** False for text that is no address, such as the empty address of a connection that is already closed. */
  includes(address: string): boolean {
    const bare = address.replace(/%.*$/, '');
    return isIP(bare) !== 0 && this.list.check(bare, isIPv6(bare) ? 'ipv6' : 'ipv4');
  }
}
