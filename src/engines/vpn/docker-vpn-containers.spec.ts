import type { DockerClient } from '../drivers/docker-client';
import { DockerVpnContainers } from './docker-vpn-containers';

/** The parts of Docker's inspection that are read. */
function inspection(given: { networks?: object | null; env?: string[] | null }) {
  const { networks = {}, env = [] } = given;
  return {
    Id: 'i1',
    Name: '/gluetun',
    State: { StartedAt: 't1', Status: 'running', Running: true, Paused: false, Restarting: false },
    NetworkSettings: { Networks: networks },
    Config: { Env: env },
  };
}

const containersThatShow = (shown: object): DockerVpnContainers =>
  new DockerVpnContainers({
    containers: { find: () => Promise.resolve(shown) },
  } as unknown as DockerClient);

describe('DockerVpnContainers', () => {
  it('reports the addresses of a container, and only the provider from its environment', async () => {
    const networks = {
      front: { IPAddress: '', GlobalIPv6Address: '' },
      engines: { IPAddress: '172.20.0.3', GlobalIPv6Address: '' },
    };
    const env = ['OPENVPN_PASSWORD=secret', 'VPN_SERVICE_PROVIDER=mullvad'];
    const found = await containersThatShow(inspection({ networks, env })).find('gluetun');
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
    const found = await containersThatShow(inspection({ networks: null, env: null })).find(
      'gluetun',
    );
    expect(found).toMatchObject({ addresses: [], provider: null });
  });

  it('finds nothing by a prefix of an id', async () => {
    expect(await containersThatShow(inspection({})).find('i1')).toBeNull();
  });
});
