import { Logger } from '@nestjs/common';
import { aDescription } from '../testing/engine.spec-support';
import { LiveConfig, loadConfig } from '../../config';
import { EventBus } from '../../events';
import { EngineRegistry } from '../registry/engine-registry';
import { GluetunControlClient } from './gluetun-control-client';
import { ScriptedControlServer, KEY_REQUIRED } from './gluetun-server.spec-support';
import { containerOf, ScriptedVpnContainers } from './scripted-vpn-containers.spec-support';
import type { Vpn } from './vpn';
import { VpnRegistry } from './vpn-registry';
import { VpnWatch } from './vpn-watch';

const SOON_MS = 15_000;

/** With scripted containers and real control servers, which share a port at different addresses. */
describe('VpnWatch', () => {
  let containers: ScriptedVpnContainers;
  let gluetun: ScriptedControlServer;
  let second: ScriptedControlServer;
  let engines: EngineRegistry;
  let vpns: VpnRegistry;
  let watch: VpnWatch;
  let settings: LiveConfig;

  beforeEach(async () => {
    Logger.overrideLogger(false);
    containers = new ScriptedVpnContainers();
    containers.containers.set('a', containerOf());
    gluetun = await ScriptedControlServer.start();
    second = await ScriptedControlServer.start('127.0.0.2', gluetun.port);
    for (const server of [gluetun, second]) {
      server.routes = {
        '/v1/vpn/status': { status: 'running' },
        '/v1/portforward': { port: 5914 },
        '/v1/publicip/ip': { public_ip: '58.98.64.104', country: 'Denmark' },
      };
    }
  });

  afterEach(async () => {
    watch.onModuleDestroy();
    await gluetun.stop();
    await second.stop();
    Logger.overrideLogger(['error', 'warn', 'log']);
  });

  /** @param deadlineMs deadline of a query to a control server */
  function start(variables: Record<string, string> = {}, deadlineMs = 10_000): void {
    settings = new LiveConfig(
      loadConfig({
        ENGINE_DRIVER: 'docker',
        VPN_CONTAINERS: 'a',
        VPN_CHECK_INTERVAL: '100ms',
        ...variables,
      }),
    );
    const config = settings.values;
    const bus = new EventBus();
    engines = new EngineRegistry(bus);
    vpns = new VpnRegistry(config, bus);
    const control = new GluetunControlClient({ port: gluetun.port, apiKey: null, deadlineMs });
    watch = new VpnWatch(config, vpns, containers, control, engines, settings);
    watch.onModuleInit();
  }

  async function until(holds: () => boolean, what: string): Promise<void> {
    const end = performance.now() + SOON_MS;
    while (!holds()) {
      if (performance.now() > end) throw new Error(`not within ${SOON_MS} ms: ${what}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  const vpn = (name = 'a'): Vpn => vpns.get(name)!;
  const becomes = (state: string, name = 'a'): Promise<void> =>
    until(() => vpn(name).health.state === state, `${name} is ${state}`);
  const looksMore = async (count: number, name = 'a'): Promise<void> => {
    const seen = containers.inspectionsOf(name);
    await until(() => containers.inspectionsOf(name) >= seen + count, `${count} more inspections`);
  };

  it('does nothing without VPNs', async () => {
    start({ VPN_CONTAINERS: 'none' });
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect([containers.inspections.size, containers.followed, gluetun.asked]).toEqual([
      0,
      null,
      [],
    ]);
  });

  it('follows changes of VPN_CHECK_INTERVAL in a pause that is running', async () => {
    start({ VPN_CHECK_INTERVAL: '10m' });
    await becomes('up');
    settings.apply({ vpnCheckIntervalMs: 100 });
    await looksMore(2);
  });

  it('follows changes of VPN_STABLE_AFTER', async () => {
    start({ VPN_STABLE_AFTER: '1h' });
    await becomes('up');
    containers.containers.delete('a');
    await becomes('down');
    containers.containers.set('a', containerOf());
    await becomes('recovering');
    await looksMore(2);
    expect(vpn().health.state).toBe('recovering');
    settings.apply({ vpnStableAfterMs: 0 });
    await becomes('up');
  });

  it('reports everything about a working VPN', async () => {
    start();
    expect(vpn().health.state).toBe('unknown');
    await becomes('up');
    expect(vpn()).toMatchObject({
      name: 'a',
      ports: { from: 19_000, to: 19_999 },
      container: { id: 'box', startedAt: 't1' },
      host: '127.0.0.1',
      forwardedPort: 5914,
      publicAddress: { ip: '58.98.64.104', country: 'Denmark' },
      controlFault: null,
      checkedAt: expect.any(Date),
    });
  });

  it.each<[string, Record<string, string>, string[], string]>([
    ['the network of the settings', { DOCKER_NETWORK: 'lan' }, ['own'], '127.0.0.2'],
    ['a network that we are on', {}, ['other', 'own'], '127.0.0.3'],
    ['its first when we share none', {}, ['other'], '127.0.0.1'],
    ['its first outside of a container', {}, [], '127.0.0.1'],
  ])('reaches it on %s', async (_, variables, own, host) => {
    containers.own = own;
    containers.containers.set(
      'a',
      containerOf({
        addresses: [
          { network: 'bridge', address: '127.0.0.1' },
          { network: 'lan', address: '127.0.0.2' },
          { network: 'own', address: '127.0.0.3' },
        ],
      }),
    );
    start(variables);
    await becomes('up');
    expect(vpn().host).toBe(host);
  });

  it('checks at once when Docker reports that a container has stopped, and no longer queries it', async () => {
    start({ VPN_CHECK_INTERVAL: '10m' });
    await becomes('up');
    containers.containers.set('a', containerOf({ phase: 'stopped', status: 'exited' }));
    const asked = gluetun.asked.length;
    containers.tell('a');
    await becomes('down');
    expect(vpn()).toMatchObject({
      host: null,
      forwardedPort: null,
      publicAddress: null,
      health: { reason: 'its container is exited' },
    });
    expect(gluetun.asked).toHaveLength(asked);
  });

  it('recovers after its container was restarted', async () => {
    // The test decides when it is checked, so that it sees every state.
    start({ VPN_CHECK_INTERVAL: '10m', VPN_STABLE_AFTER: '300ms' });
    await becomes('up');
    containers.containers.set('a', containerOf({ startedAt: 't2' }));
    containers.tell('a');
    await becomes('down');
    expect(vpn()).toMatchObject({
      container: { startedAt: 't2' },
      health: { reason: 'its container was restarted' },
    });
    containers.tell('a');
    await becomes('recovering');
    await until(() => {
      containers.tell('a');
      return vpn().health.state === 'up';
    }, 'a is up');
  });

  it('runs one check of a VPN at a time, however often it is woken', async () => {
    start({ VPN_CONTAINERS: 'a,b' });
    containers.containers.set('b', containerOf({ id: 'other' }));
    for (let waking = 0; waking < 100; waking += 1) {
      containers.tell(waking % 2 === 0 ? 'a' : 'b');
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    await looksMore(2);
    expect(containers.mostAtOnce).toBe(1);
  });

  it('checks one VPN while the control server of another hangs', async () => {
    containers.containers.set(
      'b',
      containerOf({ id: 'other', addresses: [{ network: 'bridge', address: '127.0.0.2' }] }),
    );
    second.routes = {
      '/v1/vpn/status': () => undefined,
      '/v1/portforward': () => undefined,
      '/v1/publicip/ip': () => undefined,
    };
    start({ VPN_CONTAINERS: 'a,b' }, 3000);
    await becomes('up', 'a');
    expect(vpn('b').health.state).toBe('unknown');
    // Its container is healthy, and a control server that does not answer is no evidence against it.
    await becomes('up', 'b');
    expect(vpn('b')).toMatchObject({
      forwardedPort: null,
      controlFault: expect.stringContaining('gave no answer in time'),
    });
  });

  it('finds a VPN up whose control server requires a key, and reports what is missing', async () => {
    gluetun.routes = { ...KEY_REQUIRED };
    start();
    await becomes('up');
    expect(vpn()).toMatchObject({
      forwardedPort: null,
      controlFault: expect.stringContaining('VPN_CONTROL_API_KEY'),
    });
  });

  it('keeps a port that is missing in an answer, and forgets it with its container', async () => {
    start();
    await becomes('up');
    gluetun.routes['/v1/portforward'] = 500;
    await looksMore(3);
    expect(vpn().forwardedPort).toBe(5914);
    containers.containers.set('a', containerOf({ startedAt: 't2' }));
    await becomes('recovering');
    expect(vpn().forwardedPort).toBeNull();
  });

  it('drops a port that is no longer forwarded, and takes another', async () => {
    start();
    await becomes('up');
    gluetun.routes['/v1/portforward'] = { port: 0 };
    await until(() => vpn().forwardedPort === null, 'no port');
    gluetun.routes['/v1/portforward'] = { port: 6021 };
    await until(() => vpn().forwardedPort === 6021, 'the other port');
  });

  it('is down when its control server reports it twice', async () => {
    start();
    await becomes('up');
    gluetun.routes['/v1/vpn/status'] = { status: 'crashed' };
    await becomes('down');
    expect(vpn().health.reason).toBe('its control server says crashed');
  });

  it('believes engines that still reach their network, and Docker when they do not', async () => {
    start();
    await becomes('up');
    engines.announce(aDescription('engine', { vpn: 'a' }));
    engines.get('engine')!.recordAnswer({ version: null, networkConnected: true });
    containers.containers.set('a', containerOf({ health: 'unhealthy' }));
    await looksMore(4);
    expect(vpn().health).toMatchObject({
      state: 'up',
      reason: 'its container is unhealthy, but engines behind it reach the network',
    });
    engines.get('engine')!.recordAnswer({ version: null, networkConnected: false });
    await becomes('down');
  });

  it('keeps the state of a VPN while Docker does not answer, unless its control server reports a fault', async () => {
    start();
    await becomes('up');
    containers.isSilent = true;
    await looksMore(4);
    expect(vpn()).toMatchObject({
      health: { state: 'up' },
      host: '127.0.0.1',
      forwardedPort: 5914,
    });
    gluetun.routes['/v1/vpn/status'] = { status: 'stopped' };
    await becomes('down');
    gluetun.routes['/v1/vpn/status'] = { status: 'running' };
    containers.isSilent = false;
    await becomes('recovering');
  });

  it('ends during a check: nothing is recorded, and nothing more is queried', async () => {
    gluetun.routes['/v1/vpn/status'] = () => undefined;
    start();
    await until(() => gluetun.asked.length > 0, 'the first question');
    watch.onModuleDestroy();
    const before = containers.inspectionsOf('a');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(vpn().checkedAt).toBeNull();
    expect(containers.inspectionsOf('a')).toBe(before);
    expect(containers.followed).toBeNull();
  });
});
