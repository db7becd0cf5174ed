import { chooseReach, type EngineReach, type ReachSettings, type Topology } from './engine-reach';

const LINUX: Topology = {
  platform: 'linux',
  isLocal: true,
  dockerHostName: '127.0.0.1',
  hidesContainers: false,
  own: null,
};
const AUTO: ReachSettings = { engineReach: 'auto', dockerNetwork: null };
const REMOTE = { isLocal: false, dockerHostName: 'nas.lan' };
const LOOPBACK = { bindAddress: '127.0.0.1', publishedHost: '127.0.0.1' };

function inContainer(...names: string[]): Partial<Topology> {
  const networks = names.map((name, index) => ({ name, gateway: `172.2${index}.0.1` }));
  return { own: { networks } };
}

describe('chooseReach', () => {
  it.each<[string, Partial<Topology>, Partial<ReachSettings>, Partial<EngineReach>]>([
    ['Linux, local Docker', {}, {}, { kind: 'container', network: null, ...LOOPBACK }],
    ['macOS', { platform: 'darwin' }, {}, { kind: 'published', network: null, ...LOOPBACK }],
    [
      'Docker in a VM, or rootless',
      { hidesContainers: true },
      {},
      { kind: 'published', ...LOOPBACK },
    ],
    [
      'Docker on another machine',
      REMOTE,
      {},
      { kind: 'published', bindAddress: '', publishedHost: 'nas.lan' },
    ],
    [
      'Docker by TCP on this machine',
      { isLocal: false, dockerHostName: 'localhost' },
      {},
      { kind: 'published', bindAddress: '127.0.0.1', publishedHost: 'localhost' },
    ],
    [
      'Linux, container requested',
      {},
      { engineReach: 'published' },
      { kind: 'published', ...LOOPBACK },
    ],
    ['container requested, remote', REMOTE, { engineReach: 'container' }, { kind: 'container' }],
    ['a network by name', {}, { dockerNetwork: 'tv' }, { kind: 'container', network: 'tv' }],
    [
      'in a container, Docker behind a socket proxy',
      { isLocal: false, dockerHostName: 'proxy', ...inContainer('tv') },
      {},
      { kind: 'container', network: 'tv' },
    ],
    [
      'in a container, first network by name',
      inContainer('web', 'bridge', 'engines'),
      {},
      { kind: 'container', network: 'engines', bindAddress: '172.22.0.1' },
    ],
    [
      'in a container of the default network',
      inContainer('bridge'),
      {},
      { kind: 'container', network: null },
    ],
    [
      'in a container that is not in the network of the engines',
      inContainer('web'),
      { dockerNetwork: 'engines' },
      {
        kind: 'published',
        network: 'engines',
        bindAddress: '172.20.0.1',
        publishedHost: '172.20.0.1',
      },
    ],
    [
      'in a container, published',
      inContainer('other', 'tv'),
      { engineReach: 'published', dockerNetwork: 'tv' },
      { kind: 'published', network: 'tv', bindAddress: '172.21.0.1', publishedHost: '172.21.0.1' },
    ],
    [
      "in a container with the host's network",
      { own: { networks: [{ name: 'host', gateway: null }] } },
      {},
      { kind: 'container', network: null, ...LOOPBACK },
    ],
    ["in another container's network", { own: { networks: [] } }, {}, { kind: 'published' }],
  ])('%s', (_, around, settings, expected) => {
    const reach = chooseReach({ ...AUTO, ...settings }, { ...LINUX, ...around });
    expect(reach).toMatchObject(expected);
  });
});
