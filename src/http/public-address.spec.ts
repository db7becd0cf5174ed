import { publicAddress, type AddressedRequest } from './public-address';

function request(changes: Partial<AddressedRequest>): AddressedRequest {
  return {
    protocol: 'http',
    host: 'tv.example:8000',
    headers: { host: 'tv.example:8000' },
    socket: { localAddress: '::ffff:10.0.0.5', localPort: 8000 },
    ...changes,
  };
}

describe('publicAddress', () => {
  it.each<[string, Partial<AddressedRequest>, string | null, string]>([
    ['PUBLIC_URL', { host: 'x' }, 'https://tv.example/sub', 'https://tv.example/sub'],
    ['Host', {}, null, 'http://tv.example:8000'],
    ['a proxy', { protocol: 'https', host: 'tv.example' }, null, 'https://tv.example'],
    ['a proxy with a forged host', { host: 'evil"><script>' }, null, 'http://tv.example:8000'],
    [
      'a proxy with a forged protocol',
      { protocol: 'javascript' as 'http' },
      null,
      'http://tv.example:8000',
    ],
    ['the socket, over IPv4', { host: '', headers: {} }, null, 'http://10.0.0.5:8000'],
    [
      'the socket, over IPv6',
      { host: '', headers: {}, socket: { localAddress: 'fe80::1%eth0', localPort: 80 } },
      null,
      'http://[fe80::1]:80',
    ],
  ])('comes from %s', (_what, changes, publicUrl, address) => {
    expect(publicAddress(request(changes), publicUrl)).toBe(address);
  });
});
