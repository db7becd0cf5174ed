import type { ProvisioningRequest } from '../engine-runtime.port';
import { readEngineLabels } from '../containers/engine-labels';
import { containerOptions, type ContainerPlan } from './container-spec';

const VPN_SLOT = {
  vpn: 'gluetun',
  containerId: 'c'.repeat(64),
  containerStartedAt: '2026-01-01T00:00:00Z',
  host: '172.20.0.5',
  ports: { from: 20_000, to: 20_100 },
  forwardedPort: 45_000,
};
const REQUEST: ProvisioningRequest = { key: '0123456789ab', vpnSlot: null };
const REACH = {
  kind: 'container',
  network: null,
  bindAddress: '127.0.0.1',
  publishedHost: 'x',
} as const;
const PORTS = { http: 6878, https: null, api: 62_062, p2p: 8621 };

function aPlan(over: Partial<ContainerPlan> = {}): ContainerPlan {
  return {
    request: REQUEST,
    instance: 'home',
    version: '1.2.3',
    recipe: {
      specHash: 'f'.repeat(16),
      launch: ({ http }) => ({
        command: ['--http-port', String(http)],
        env: ['A=b'],
        labels: { l: 'v' },
      }),
    },
    image: 'engine:1',
    reach: REACH,
    ports: PORTS,
    publishedPort: null,
    memoryLimitBytes: 1024 ** 3,
    cpuLimit: 0,
    ...over,
  };
}

describe('containerOptions', () => {
  it('runs the image according to its profile, confined and never restarted by Docker', () => {
    expect(containerOptions(aPlan())).toEqual({
      Image: 'engine:1',
      Cmd: ['--http-port', '6878'],
      Env: ['A=b'],
      Labels: expect.any(Object),
      StopTimeout: 3,
      Healthcheck: { Test: ['NONE'] },
      HostConfig: {
        Memory: 1024 ** 3,
        MemorySwap: 1024 ** 3,
        PidsLimit: 1024,
        CapDrop: ['ALL'],
        SecurityOpt: ['no-new-privileges:true'],
        Init: true,
        RestartPolicy: { Name: 'no' },
        LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '2' } },
      },
    });
  });

  it.each<[string, Partial<ContainerPlan>, object]>([
    ['a network by name', { reach: { ...REACH, network: 'tv' } }, { NetworkMode: 'tv' }],
    [
      "a VPN's network, whatever network acefleet has",
      { request: { ...REQUEST, vpnSlot: VPN_SLOT }, reach: { ...REACH, network: 'tv' } },
      { NetworkMode: `container:${VPN_SLOT.containerId}` },
    ],
    [
      'a port of this machine only',
      { publishedPort: 19_000 },
      { PortBindings: { '6878/tcp': [{ HostIp: '127.0.0.1', HostPort: '19000' }] } },
    ],
    [
      'a port of every address of another machine',
      { publishedPort: 19_000, reach: { ...REACH, bindAddress: '' } },
      { PortBindings: { '6878/tcp': [{ HostIp: '', HostPort: '19000' }] } },
    ],
  ])('has %s', (_, over, expected) => {
    expect(containerOptions(aPlan(over)).HostConfig).toMatchObject(expected);
  });

  it("has no memory limit when that is 0, and keeps the image's command when the profile sets none", () => {
    const launch = () => ({ command: null, env: [], labels: {} });
    const options = containerOptions(
      aPlan({ memoryLimitBytes: 0, recipe: { ...aPlan().recipe, launch } }),
    );
    expect(options.HostConfig).not.toHaveProperty('Memory');
    expect(options.HostConfig).not.toHaveProperty('MemorySwap');
    expect(options).not.toHaveProperty('Cmd');
  });

  it('has the processor limit and the environment that the operator set', () => {
    const launch = () => ({ command: null, env: ['TZ=Europe/Rome'], labels: {} });
    const options = containerOptions(
      aPlan({ cpuLimit: 1.5, recipe: { ...aPlan().recipe, launch } }),
    );
    expect(options.HostConfig).toHaveProperty('NanoCpus', 1_500_000_000);
    expect(options.Env).toEqual(['TZ=Europe/Rome']);
    expect(containerOptions(aPlan()).HostConfig).not.toHaveProperty('NanoCpus');
  });

  it('exposes the published port only', () => {
    expect(containerOptions(aPlan({ publishedPort: 1 })).ExposedPorts).toEqual({ '6878/tcp': {} });
    expect(containerOptions(aPlan())).not.toHaveProperty('ExposedPorts');
  });

  it('has labels with everything that is needed to adopt it', () => {
    const { Labels } = containerOptions(aPlan({ request: { ...REQUEST, vpnSlot: VPN_SLOT } }));
    expect(readEngineLabels(Labels)).toEqual({
      instance: 'home',
      key: REQUEST.key,
      specHash: 'f'.repeat(16),
      ports: PORTS,
      publishedPort: null,
      forwardedPort: 45_000,
      vpn: {
        vpn: 'gluetun',
        containerId: VPN_SLOT.containerId,
        containerStartedAt: VPN_SLOT.containerStartedAt,
      },
      version: '1.2.3',
    });
    expect(Labels).toMatchObject({ 'dev.acefleet.vpn-host': '172.20.0.5' });
  });
});
