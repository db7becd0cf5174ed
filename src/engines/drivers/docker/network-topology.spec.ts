import {
  anInspectedContainer,
  containerNetworks,
} from '../docker-client/docker-facts.spec-support';
import { RuntimeError } from '../engine-runtime.port';
import { NetworkTopology, type TopologyClient } from './network-topology';

const AUTO = { engineReach: 'auto', dockerNetwork: null, dockerHost: null } as const;
const REFUSED = new RuntimeError('runtime_refused', 'not let through');
const AWAY = new RuntimeError('docker_unavailable', 'no answer');

interface Given {
  readonly isLocal?: boolean;
  readonly own?: Readonly<Record<string, string>> | null | 'vanished';
  readonly name?: string | Error;
}

describe('NetworkTopology', () => {
  let questions: string[];

  beforeEach(() => {
    questions = [];
  });

  function client({ isLocal = true, own, name = 'a-host' }: Given): TopologyClient {
    const gateways = Object.entries(own === 'vanished' ? {} : (own ?? {}));
    const Networks = containerNetworks(
      Object.fromEntries(gateways.map(([name, Gateway]) => [name, { Gateway }])),
    );
    const NetworkSettings = { Networks: own == null ? null : Networks };
    const container = own === 'vanished' ? null : anInspectedContainer({ NetworkSettings });
    return {
      isLocal,
      publishedHost: isLocal ? '127.0.0.1' : 'nas.lan',
      ownContainer: () => {
        questions.push('own');
        return Promise.resolve(own === undefined ? null : { id: 'me', name: 'me', networks: [] });
      },
      info: () => {
        questions.push('info');
        return name instanceof Error ? Promise.reject(name) : Promise.resolve({ name, nodeId: '' });
      },
      containers: { find: () => Promise.resolve(container) },
    };
  }

  const on = (given: Given, config: object = {}, platform: NodeJS.Platform = 'linux') =>
    new NetworkTopology(client(given), { ...AUTO, ...config }, platform);

  it.each<[string, Given, object, NodeJS.Platform, string]>([
    ['on Linux', {}, {}, 'linux', 'container'],
    ['on macOS', {}, {}, 'darwin', 'published'],
    ["beside Docker Desktop's VM", { name: 'docker-desktop' }, {}, 'linux', 'published'],
    ['without root', {}, { dockerHost: 'unix:///run/user/1000/docker.sock' }, 'linux', 'published'],
    ['behind a proxy that refuses calls', { name: REFUSED }, {}, 'linux', 'container'],
    ['with Docker on another machine', { isLocal: false }, {}, 'linux', 'published'],
    ['in a container', { isLocal: false, own: { tv: '172.20.0.1' } }, {}, 'linux', 'container'],
    ['in the network of a container', { own: null }, {}, 'linux', 'published'],
    ['in a container that was removed', { own: 'vanished' }, {}, 'linux', 'container'],
  ])('%s engines are reached as expected', async (_, given, config, platform, kind) => {
    expect((await on(given, config, platform).reach()).kind).toBe(kind);
  });

  it('publishes at the gateway of its own container', async () => {
    const reach = await on({ own: { tv: '172.20.0.1', host: '' } }).reach();
    expect(reach).toMatchObject({ network: 'tv', bindAddress: '172.20.0.1' });
  });

  it('asks once, again after forget(), and again after a failure', async () => {
    const surroundings = on({});
    await Promise.all([surroundings.reach(), surroundings.reach()]);
    await surroundings.reach();
    expect(questions).toEqual(['own', 'info']);
    surroundings.forget();
    await surroundings.reach();
    expect(questions).toHaveLength(4);

    const failing = on({ name: AWAY });
    await expect(failing.reach()).rejects.toBe(AWAY);
    await expect(failing.reach()).rejects.toBe(AWAY);
    expect(questions).toHaveLength(8);
  });

  it('does not call Docker for facts that it does not need', async () => {
    await on({}, { engineReach: 'published' }).reach();
    expect(questions).toEqual(['own']);
  });
});
