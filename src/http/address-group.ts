import { isIPv6 } from 'node:net';

/** Number of groups in the prefix of an IPv6 address that usually belongs to one subscriber: a /64. */
const SUBSCRIBER_GROUPS = 4;

/**
 * Returns the key that identifies one caller. It is the IPv4 address, also for the form `::ffff:a.b.c.d`, or the /64
 * network of an IPv6 address, in which one machine can use a new address for every request.
 */
export function addressGroup(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped?.[1] !== undefined) return mapped[1];
  const bare = address.replace(/%.*$/, '');
  if (!isIPv6(bare)) return address;
  const [head = '', tail] = bare.toLowerCase().split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array<string>(zeros).fill('0'), ...after];
  return `${groups
    .slice(0, SUBSCRIBER_GROUPS)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
