import type { AllowedTarget } from '../config';
import { reachedAddress } from './network-address';
import { refusal } from './target-rules';

const OWN = [
  { what: 'an engine', host: 'engine-1', addresses: ['172.18.0.5'] },
  { what: 'the Redis server', host: 'redis', addresses: [] },
];

const check = (
  address: string,
  allowed: readonly AllowedTarget[] = [],
  hostname = 'tv.example',
): unknown => refusal({ hostname, port: 80 }, address, allowed, OWN);

it.each([
  ['127.0.0.1', 'a loopback address'],
  ['127.9.9.9', 'a loopback address'],
  ['::1', 'a loopback address'],
  ['::ffff:127.0.0.1', 'a loopback address'],
  ['::ffff:7f00:1', 'a loopback address'],
  ['64:ff9b::7f00:1', 'a loopback address'],
  ['64:ff9b:1::7f00:1', 'a loopback address'],
  ['2002:7f00:1::', 'a loopback address'],
  ['169.254.1.1', 'a link-local address'],
  ['fe80::1%eth0', 'a link-local address'],
  ['169.254.169.254', 'a cloud metadata address'],
  ['::ffff:a9fe:a9fe', 'a cloud metadata address'],
  ['fd00:ec2::254', 'a cloud metadata address'],
  ['224.0.0.251', 'a multicast address'],
  ['ff02::1', 'a multicast address'],
  ['0.0.0.0', 'an unspecified address'],
  ['::', 'an unspecified address'],
  ['255.255.255.255', 'a reserved address'],
  ['::7f00:1', 'a reserved address'],
  ['172.18.0.5', 'the address of an engine'],
  ['::ffff:172.18.0.5', 'the address of an engine'],
  ['93.184.216.34', null],
  ['192.168.1.5', null],
  ['10.0.0.1', null],
  ['100.64.0.1', null],
  ['fd00::5', null],
  ['2606:2800:220:1::1', null],
  ['64:ff9b::5db8:d822', null],
])('%s: %s', (address, expected) => {
  expect(check(address)).toBe(expected);
});

it('refuses an own host by its name, also if the name cannot be resolved here', () => {
  expect(check('10.0.0.9', [], 'redis')).toBe('the address of the Redis server');
});

it.each<[string, number | null, number | null, string, boolean]>([
  ['tv.example', null, null, '127.0.0.1', true],
  ['tv.example', null, 80, '127.0.0.1', true],
  ['tv.example', null, 81, '127.0.0.1', false],
  ['other.example', null, null, '127.0.0.1', false],
  ['127.0.0.1', null, null, '127.0.0.1', true],
  ['127.0.0.1', null, null, '::ffff:127.0.0.1', true],
  ['127.0.0.1', null, 80, '127.0.0.1', true],
  ['127.0.0.1', null, 81, '127.0.0.1', false],
  ['127.0.0.0', 8, null, '127.1.2.3', true],
  ['127.0.0.0', 8, null, '::1', false],
  ['::1', null, null, '::1', true],
  ['172.18.0.0', 16, null, '172.18.0.5', true],
])('if %s/%s:%s is allowed, %s may be reached: %s', (host, bits, port, address, isAllowed) => {
  expect(check(address, [{ host, bits, port }]) === null).toBe(isAllowed);
});

it('keeps an address that contains no other one', () => {
  expect(reachedAddress('fd00::1')).toBe('fd00::1');
});
