import { BlockList, isIPv4, isIPv6 } from 'node:net';

/** Kinds of addresses that an outbound target may not have. Messages name the first kind to which an address belongs. */
const REFUSED: readonly (readonly [string, BlockList])[] = [
  [
    'a cloud metadata address',
    blockList([
      '169.254.169.254/32',
      '169.254.170.2/32',
      '100.100.100.200/32',
      '168.63.129.16/32',
      '192.0.0.192/32',
      'fd00:ec2::254/128',
      'fd20:ce::254/128',
    ]),
  ],
  ['a loopback address', blockList(['127.0.0.0/8', '::1/128'])],
  ['a link-local address', blockList(['169.254.0.0/16', 'fe80::/10'])],
  ['a multicast address', blockList(['224.0.0.0/4', 'ff00::/8'])],
  ['an unspecified address', blockList(['0.0.0.0/8', '::/128'])],
  ['a reserved address', blockList(['240.0.0.0/4', '::/96'])],
];

/** Addresses of networks that are not part of the internet. */
const PRIVATE = blockList([
  ...['10.0.0.0/8', '100.64.0.0/10', '172.16.0.0/12', '192.0.0.0/24', '192.168.0.0/16'],
  ...['198.18.0.0/15', 'fc00::/7', 'fec0::/10'],
]);

/** True for an address of a private network. */
export function isPrivate(address: string): boolean {
  return PRIVATE.check(address, familyOf(address));
}

/** Names the kind of a refused address, for messages; null for public and private addresses. */
export function refusedKind(address: string): string | null {
  return REFUSED.find(([, list]) => list.check(address, familyOf(address)))?.[0] ?? null;
}

/**
 * The address that packets reach: the IPv4 address that an IPv6 address contains (mapped, NAT64, 6to4), else the address
 * itself, without its zone.
 */
export function reachedAddress(address: string): string {
  const bare = address.replace(/%.*$/, '').replace(/^\[|\]$/g, '');
  if (!isIPv6(bare)) return bare;
  const groups = groupsOf(bare);
  const start = groups.slice(0, 6).join(':');
  const isMapped = start === '0:0:0:0:0:ffff';
  const isNat64 = start === '64:ff9b:0:0:0:0' || start.startsWith('64:ff9b:1:');
  if (isMapped || isNat64) return ipv4(groups[6], groups[7]);
  return groups[0] === '2002' ? ipv4(groups[1], groups[2]) : bare;
}

/** True if the network in CIDR notation contains the address. */
export function networkContains(network: string, bits: number, address: string): boolean {
  const list = new BlockList();
  list.addSubnet(network, bits, familyOf(network));
  return familyOf(network) === familyOf(address) && list.check(address, familyOf(address));
}

/** The eight groups of an IPv6 address, as hexadecimal numbers without leading zeros. */
function groupsOf(address: string): string[] {
  // The parser of URLs writes an IPv4 tail in hexadecimal digits and removes leading zeros.
  const normal = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = normal.split('::');
  const before = head === '' ? [] : head.split(':');
  if (tail === undefined) return before;
  const after = tail === '' ? [] : tail.split(':');
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  return [...before, ...zeros, ...after];
}

function ipv4(high = '0', low = '0'): string {
  const [upper, lower] = [parseInt(high, 16), parseInt(low, 16)];
  return [upper >> 8, upper & 255, lower >> 8, lower & 255].join('.');
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv4(address) ? 'ipv4' : 'ipv6';
}

function blockList(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', bits] = network.split('/');
    list.addSubnet(address, Number(bits), familyOf(address));
  }
  return list;
}
