import type { ContainerInspectInfo, DockerClient } from '../docker-client';
import { RuntimeError } from '../engine-runtime.port';
import { SwarmSurroundings } from './swarm-surroundings';

type Networks = Readonly<Record<string, { readonly Gateway: string }>>;

/** @param networks of the container that this program runs in; null: in none */
function stage(networks: Networks | null, swarmNetworks: readonly string[] = []) {
  const looks = { count: 0, fail: false };
  const own = networks === null ? null : { NetworkSettings: { Networks: networks } };
  const client = {
    publishedHost: '127.0.0.1',
    info: () => {
      looks.count += 1;
      if (looks.fail) return Promise.reject(new RuntimeError('docker_unavailable', 'away'));
      return Promise.resolve({ swarm: { nodeId: 'node-1' } });
    },
    ownContainer: () => Promise.resolve(own === null ? null : { id: 'own' }),
    containers: { find: () => Promise.resolve(own as unknown as ContainerInspectInfo | null) },
    networks: {
      find: (name: string) =>
        Promise.resolve({ Scope: swarmNetworks.includes(name) ? 'swarm' : 'local' }),
    },
  };
  const config = { engineReach: 'auto', dockerNetwork: null } as const;
  return { looks, surroundings: new SwarmSurroundings(client as unknown as DockerClient, config) };
}

describe('where we stand in a Swarm', () => {
  it.each<[string, Networks | null, string | null]>([
    ['outside of containers at the address of Docker', null, '127.0.0.1'],
    ['in the network of the host, too', { host: { Gateway: '' } }, '127.0.0.1'],
    [
      'in a container at its gateway',
      { engines: { Gateway: '' }, bridge: { Gateway: '172.17.0.1' } },
      '172.17.0.1',
    ],
    ['in a container without a gateway as the others do', { engines: { Gateway: '' } }, null],
  ])('ports of our own node are reached %s', async (_, networks, localHost) => {
    const found = await stage(networks).surroundings.find();
    expect(found).toMatchObject({ localNodeId: 'node-1', localHost });
  });

  it('takes the network that we share with other nodes', async () => {
    const networks = { bridge: { Gateway: '172.17.0.1' }, engines: { Gateway: '' } };
    const { surroundings } = stage(networks, ['engines']);
    expect(await surroundings.reach()).toEqual({ kind: 'container', network: 'engines' });
  });

  it('is found out once, and anew after it was forgotten', async () => {
    const { looks, surroundings } = stage(null);
    await Promise.all([surroundings.find(), surroundings.find()]);
    expect(looks.count).toBe(1);
    surroundings.forget();
    await surroundings.find();
    expect(looks.count).toBe(2);
  });

  it('is asked for again after a failure', async () => {
    const { looks, surroundings } = stage(null);
    looks.fail = true;
    await expect(surroundings.find()).rejects.toMatchObject({ code: 'docker_unavailable' });
    looks.fail = false;
    await expect(surroundings.find()).resolves.toMatchObject({ localNodeId: 'node-1' });
  });
});
