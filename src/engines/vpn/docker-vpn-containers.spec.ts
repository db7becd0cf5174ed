import { DockerClient } from '../drivers/docker-client';
import {
  anInspectedContainer,
  containerNetworks,
} from '../drivers/docker-client/docker-facts.spec-support';
import { answer, FakeDocker } from '../drivers/docker-client/fake-docker.spec-support';
import { DockerVpnContainers } from './docker-vpn-containers';

describe('DockerVpnContainers', () => {
  let docker: FakeDocker;
  let client: DockerClient;

  beforeEach(async () => {
    docker = await FakeDocker.open();
    client = new DockerClient(docker.dockerHost);
  });

  afterEach(async () => {
    client.close();
    await docker.close();
  });

  /** @param given parts of Docker's inspection of the container `gluetun` */
  function find(name: string, given: Parameters<typeof anInspectedContainer>[0] = {}) {
    const shown = anInspectedContainer({ Id: 'i1', Name: '/gluetun', ...given });
    docker.behaviour = answer(200, shown);
    return new DockerVpnContainers(client).find(name);
  }

  it('reports the addresses of a container, and only the provider from its environment', async () => {
    const found = await find('gluetun', {
      NetworkSettings: {
        Networks: containerNetworks({ front: {}, engines: { IPAddress: '172.20.0.3' } }),
      },
      State: { StartedAt: 't1' },
      Config: { Env: ['OPENVPN_PASSWORD=secret', 'VPN_SERVICE_PROVIDER=mullvad'] },
    });
    expect(found).toEqual({
      id: 'i1',
      startedAt: 't1',
      phase: 'running',
      status: 'running',
      health: 'none',
      addresses: [{ network: 'engines', address: '172.20.0.3' }],
      provider: 'mullvad',
    });
  });

  it('accepts a container without networks and without an environment', async () => {
    const found = await find('gluetun', {
      NetworkSettings: { Networks: null },
      Config: { Env: null },
    });
    expect(found).toMatchObject({ addresses: [], provider: null });
  });

  it('finds nothing by a prefix of an id', async () => {
    expect(await find('i1')).toBeNull();
  });
});
