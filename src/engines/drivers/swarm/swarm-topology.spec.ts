import {
  anInspectedContainer,
  containerNetworks,
} from '../docker-client/docker-facts.spec-support';
import { RuntimeError } from '../engine-runtime.port';
import {
  chooseReach,
  type JoinedNetwork,
  type ReachConfig,
  type SwarmReach,
  SwarmTopology,
  type TopologyClient,
} from './swarm-topology';

type Networks = Readonly<Record<string, { readonly Gateway: string }>>;

/** @param networks networks of the container that this program runs in; null: this program runs in no container */
function stage(networks: Networks | null, swarmNetworks: readonly string[] = []) {
  const looks = { count: 0, fail: false };
  const Networks = containerNetworks(networks ?? {});
  const own = networks === null ? null : anInspectedContainer({ NetworkSettings: { Networks } });
  const client: TopologyClient = {
    publishedHost: '127.0.0.1',
    info: () => {
      looks.count += 1;
      if (looks.fail) return Promise.reject(new RuntimeError('docker_unavailable', 'away'));
      return Promise.resolve({ name: 'manager', nodeId: 'node-1' });
    },
    ownContainer: () =>
      Promise.resolve(own === null ? null : { id: 'own', name: 'own', networks: [] }),
    containers: { find: () => Promise.resolve(own) },
    networks: {
      find: (name: string) => {
        const Scope = swarmNetworks.includes(name) ? 'swarm' : 'local';
        return Promise.resolve({ Id: name, Name: name, Scope });
      },
    },
  };
  const config = { engineReach: 'auto', dockerNetwork: null } as const;
  return { looks, surroundings: new SwarmTopology(client, config) };
}

describe('our position in a Swarm', () => {
  it.each<[string, Networks | null, string | null]>([
    ['outside of containers at the address of Docker', null, '127.0.0.1'],
    ['in the network of the host, too', { host: { Gateway: '' } }, '127.0.0.1'],
    [
      'in a container at its gateway',
      { engines: { Gateway: '' }, bridge: { Gateway: '172.17.0.1' } },
      '172.17.0.1',
    ],
    [
      'in a container without a gateway like those of other nodes',
      { engines: { Gateway: '' } },
      null,
    ],
  ])('ports of our own node are reached %s', async (_, networks, localHost) => {
    const found = await stage(networks).surroundings.find();
    expect(found).toMatchObject({ localNodeId: 'node-1', localHost });
  });

  it('uses the network that spans the nodes', async () => {
    const networks = { bridge: { Gateway: '172.17.0.1' }, engines: { Gateway: '' } };
    const { surroundings } = stage(networks, ['engines']);
    expect(await surroundings.reach()).toEqual({ kind: 'container', network: 'engines' });
  });

  it('is determined once, and again after it was forgotten', async () => {
    const { looks, surroundings } = stage(null);
    await Promise.all([surroundings.find(), surroundings.find()]);
    expect(looks.count).toBe(1);
    surroundings.forget();
    await surroundings.find();
    expect(looks.count).toBe(2);
  });

  it('is determined again after a failure', async () => {
    const { looks, surroundings } = stage(null);
    looks.fail = true;
    await expect(surroundings.find()).rejects.toMatchObject({ code: 'docker_unavailable' });
    looks.fail = false;
    await expect(surroundings.find()).resolves.toMatchObject({ localNodeId: 'node-1' });
  });
});

const ENGINES: JoinedNetwork = { name: 'engines', isOfSwarm: true };
const ALSO: JoinedNetwork = { name: 'also', isOfSwarm: true };
const LOCAL: JoinedNetwork = { name: 'bridge', isOfSwarm: false };
const INGRESS: JoinedNetwork = { name: 'ingress', isOfSwarm: true };

const settings = (
  engineReach: ReachConfig['engineReach'],
  dockerNetwork: string | null = null,
): ReachConfig => ({ engineReach, dockerNetwork });

describe('the reach of engines in a Swarm', () => {
  it.each<[string, ReachConfig, JoinedNetwork[], SwarmReach]>([
    ['outside', settings('auto'), [], { kind: 'published', network: null }],
    ['inside', settings('auto'), [LOCAL, ENGINES], { kind: 'container', network: 'engines' }],
    ['inside two', settings('auto'), [ENGINES, ALSO], { kind: 'container', network: 'also' }],
    ['in a local network', settings('auto'), [LOCAL], { kind: 'published', network: null }],
    ['in the ingress network', settings('auto'), [INGRESS], { kind: 'published', network: null }],
    [
      'inside the named one',
      settings('auto', 'engines'),
      [ALSO, ENGINES],
      { kind: 'container', network: 'engines' },
    ],
    [
      'inside another one',
      settings('auto', 'engines'),
      [ALSO],
      { kind: 'published', network: 'engines' },
    ],
    [
      'with ENGINE_REACH=published',
      settings('published'),
      [ENGINES],
      { kind: 'published', network: 'engines' },
    ],
    [
      'with ENGINE_REACH=container',
      settings('container', 'engines'),
      [],
      { kind: 'container', network: 'engines' },
    ],
  ])('%s', (_, config, joined, reach) => {
    expect(chooseReach(config, joined)).toEqual(reach);
  });

  it('fails with ENGINE_REACH=container without a network', () => {
    expect(() => chooseReach(settings('container'), [LOCAL])).toThrow(
      expect.objectContaining({ code: 'network_missing' }),
    );
  });
});
