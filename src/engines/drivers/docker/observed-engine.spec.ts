import { type EngineFacts, engineLabels } from '../containers/engine-labels';
import type { ContainerInspectInfo } from '../docker-client';
import {
  anInspectedContainer,
  containerNetworks,
} from '../docker-client/docker-facts.spec-support';
import type { EngineReach } from './engine-reach';
import { toObservedEngine } from './observed-engine';

const ID = 'a'.repeat(64);
const STARTED = '2026-01-02T00:00:00.5Z';
const FACTS: EngineFacts = {
  instance: 'home',
  key: '0123456789ab',
  specHash: 'f'.repeat(16),
  ports: { http: 6878, https: null, api: 62_062, p2p: 8621 },
  publishedPort: null,
  forwardedPort: null,
  vpn: null,
  version: '1.0.0',
};
const VPN = { vpn: 'gluetun', containerId: 'c', containerStartedAt: STARTED };
const CONTAINER: EngineReach = {
  kind: 'container',
  network: null,
  bindAddress: '127.0.0.1',
  publishedHost: '127.0.0.1',
};
const PUBLISHED: EngineReach = { ...CONTAINER, kind: 'published', publishedHost: 'nas.lan' };

interface Given {
  readonly facts?: Partial<EngineFacts>;
  readonly labels?: Readonly<Record<string, string>>;
  readonly state?: Partial<ContainerInspectInfo['State']>;
  readonly networks?: Parameters<typeof containerNetworks>[0] | null;
}

function inspection({ facts, labels, state, networks }: Given = {}): ContainerInspectInfo {
  const own = { bridge: { IPAddress: '172.17.0.2' } };
  return anInspectedContainer({
    Id: ID,
    Name: '/acefleet-home-012345',
    State: { StartedAt: STARTED, ...state },
    Config: { Labels: { ...engineLabels({ ...FACTS, ...facts }), ...labels } },
    NetworkSettings: { Networks: networks === null ? null : containerNetworks(networks ?? own) },
  });
}

const see = (given: Given, reach = CONTAINER) => toObservedEngine(inspection(given), 'home', reach);

describe('toObservedEngine', () => {
  it('contains everything that the fleet needs', () => {
    expect(see({})).toEqual({
      id: ID,
      key: FACTS.key,
      name: 'acefleet-home-012345',
      phase: 'running',
      phaseDetail: 'running',
      image: 'engine:1',
      imageId: 'sha256:1',
      specHash: FACTS.specHash,
      createdAt: new Date('2026-01-01T00:00:00Z'),
      incarnation: STARTED,
      endpoint: { host: '172.17.0.2', port: 6878 },
      apiPort: 62_062,
      labels: engineLabels(FACTS),
      vpn: null,
      forwardedPort: null,
    });
  });

  it('is null for containers of other programs and installations', () => {
    expect(see({ facts: { instance: 'other' } })).toBeNull();
    const foreign = anInspectedContainer({ Config: { Labels: { name: 'home' } } });
    expect(toObservedEngine(foreign, 'home', CONTAINER)).toBeNull();
  });

  it.each<[object, string, string, boolean]>([
    [{ Status: 'created' }, 'created', 'created, not started', false],
    [{ Status: 'paused' }, 'paused', 'paused', true],
    [{ Status: 'exited', ExitCode: 137 }, 'ended', 'exited with code 137', false],
    [
      { Status: 'exited', ExitCode: 137, OOMKilled: true },
      'ended',
      'exited with code 137, out of memory',
      false,
    ],
    [
      { Status: 'exited', ExitCode: 128, Error: `no such file\n${'x'.repeat(999)}` },
      'ended',
      'exited with code 128: no such file',
      false,
    ],
    [
      { Status: 'exited', ExitCode: 1, Error: 'x'.repeat(999) },
      'ended',
      `exited with code 1: ${'x'.repeat(200)}`,
      false,
    ],
    [
      { Status: 'restarting', ExitCode: 2 },
      'ended',
      'exited with code 2, restarted by Docker',
      false,
    ],
    [{ Status: 'removing' }, 'ended', 'being removed', false],
    [{ Status: 'dead' }, 'ended', 'could not be removed by Docker', false],
    [{ Status: 'frozen' }, 'ended', 'in an unknown state: frozen', false],
  ])('%j is %s: %s', (state, phase, phaseDetail, hasAddress) => {
    const seen = see({ state });
    expect(seen).toMatchObject({ phase, phaseDetail });
    expect(seen!.endpoint !== null).toBe(hasAddress);
  });

  const bridge = { IPAddress: '172.17.0.2' };
  const none = { IPAddress: '', GlobalIPv6Address: '' };
  const tv = { IPAddress: '172.30.0.7' };

  it.each<[string, Given, EngineReach, string | null, number | null]>([
    ['in the default network', {}, CONTAINER, '172.17.0.2:6878', 62_062],
    [
      'in the chosen one of two networks',
      { networks: { bridge, tv } },
      { ...CONTAINER, network: 'tv' },
      '172.30.0.7:6878',
      62_062,
    ],
    [
      'in another network than the configured one',
      { networks: { bridge } },
      { ...CONTAINER, network: 'tv' },
      '172.17.0.2:6878',
      62_062,
    ],
    [
      'with an IPv6 address only',
      { networks: { tv: { IPAddress: '', GlobalIPv6Address: 'fd00::7' } } },
      CONTAINER,
      'fd00::7:6878',
      62_062,
    ],
    ['without address', { networks: { bridge: none } }, CONTAINER, null, 62_062],
    ['cut off from every network', { networks: {} }, CONTAINER, null, 62_062],
    ['published', { facts: { publishedPort: 19_000 } }, PUBLISHED, 'nas.lan:19000', null],
    [
      'published, without published ports now',
      { facts: { publishedPort: 19_000 } },
      CONTAINER,
      '172.17.0.2:6878',
      62_062,
    ],
    ['not published, with published ports now', {}, PUBLISHED, '172.17.0.2:6878', 62_062],
    [
      'behind a VPN',
      { facts: { vpn: VPN }, labels: { 'dev.acefleet.vpn-host': '10.9.9.9' }, networks: null },
      PUBLISHED,
      '10.9.9.9:6878',
      62_062,
    ],
    ['behind a VPN without an address', { facts: { vpn: VPN } }, CONTAINER, null, 62_062],
  ])('%s', (_, given, reach, address, apiPort) => {
    const seen = see(given, reach)!;
    const { endpoint } = seen;
    expect(endpoint === null ? null : `${endpoint.host}:${endpoint.port}`).toBe(address);
    expect(seen.apiPort).toBe(apiPort);
  });
});
