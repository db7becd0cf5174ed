import { GluetunControlClient } from '../../../src/engines/vpn/gluetun-control-client';
import { DockerVpnContainers } from '../../../src/engines/vpn/docker-vpn-containers';
import { DockerClient } from '../../../src/engines/drivers/docker-client';
import { eventually, onScopeEnd } from '../../e2e/support';
import { describeWithDocker } from '../support/docker-availability';
import { docker } from '../support/docker-cli';
import {
  type GluetunStandIn,
  makeVpnNetwork,
  startGluetun,
} from '../support/gluetun/gluetun-stand-in';
import { simulatorImage } from '../support/simulator-image';

const NEVER = new AbortController().signal;
/** Differs from the names of containers that an earlier run left behind. */
const PREFIX = `g-test-${process.pid}`;
const NAME = `${PREFIX}-vpn`;
const NETWORK = `${PREFIX}-vpns`;
const TOLD_WITHIN_MS = 20_000;

describeWithDocker("a VPN's container", () => {
  let client: DockerClient;
  let containers: DockerVpnContainers;
  let gluetun: GluetunStandIn;

  beforeAll(async () => {
    await makeVpnNetwork(NETWORK);
    client = new DockerClient(process.env['DOCKER_HOST'] ?? null);
    containers = new DockerVpnContainers(client);
  });

  afterAll(() => client.close());

  beforeEach(async () => {
    gluetun = await startGluetun(NAME, NETWORK, { port: 5914 });
  });

  const find = async () => {
    const found = await containers.find(NAME);
    if (found === null) throw new Error('it is not there');
    return found;
  };

  it('is found by its name alone, with all necessary facts and no secret', async () => {
    const first = await find();
    expect(first).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{64}$/),
      startedAt: expect.stringMatching(/^20\d\d-/),
      phase: 'running',
      status: 'running',
      health: expect.stringMatching(/^(starting|healthy)$/),
      addresses: [{ network: NETWORK, address: await gluetun.address() }],
      provider: 'stand-in',
    });
    expect(await containers.find(first.id.slice(0, 12))).toBeNull();
    expect(await containers.find(`${PREFIX}-v`)).toBeNull();
  });

  it('reports each of its phases', async () => {
    const told: string[] = [];
    const end = containers.follow([NAME, PREFIX], (name) => told.push(name));
    onScopeEnd(() => end());
    // Each once at first, because earlier changes are unknown.
    await eventually(() => told.includes(NAME) && told.includes(PREFIX), TOLD_WITHIN_MS, 'hints');
    await gluetun.becomes('healthy');
    expect((await find()).health).toBe('healthy');
    await gluetun.set({ healthy: false });
    await gluetun.becomes('unhealthy');
    const steps: [string, object][] = [
      ['pause', { phase: 'paused', status: 'paused' }],
      ['unpause', { phase: 'running' }],
      ['stop', { phase: 'stopped', status: 'exited', addresses: [] }],
      ['start', { phase: 'running' }],
    ];
    for (const [step, facts] of steps) {
      const before = told.length;
      await docker([step, NAME]);
      expect(await find()).toMatchObject(facts);
      await eventually(() => told.length > before, TOLD_WITHIN_MS, `a hint of ${step}`);
    }
    expect(told.filter((name) => name === PREFIX)).toHaveLength(1);
    end();
  });

  it('leaves containers in its network without one when it stops', async () => {
    const joined = `${PREFIX}-joined`;
    onScopeEnd(() => docker(['rm', '--force', '--volumes', joined]).then(() => undefined));
    const image = simulatorImage();
    await docker(['run', '--detach', '--name', joined, '--network', `container:${NAME}`, image]);
    const networks = async (): Promise<string[]> => {
      const script = 'JSON.stringify(Object.keys(os.networkInterfaces()))';
      return JSON.parse(await docker(['exec', joined, '/usr/bin/node', '-p', script]));
    };
    expect(await networks()).toEqual(['lo', 'eth0']);
    const { id, startedAt } = await find();
    await gluetun.stop();
    expect(await networks()).toEqual(['lo']);
    await gluetun.start();
    const again = await find();
    expect([again.id, again.phase]).toEqual([id, 'running']);
    expect(again.startedAt).not.toBe(startedAt);
    expect(await networks()).toEqual(['lo']);
    expect(await docker(['inspect', '--format', '{{.State.Status}}', joined])).toBe('running');
  });

  it('is called at its control server, with a key if it requires one', async () => {
    const ask = async (apiKey: string | null) => {
      const control = new GluetunControlClient({ port: 8000, apiKey });
      onScopeEnd(() => control.close());
      return control.ask(await gluetun.address(), NEVER);
    };
    await gluetun.set({ apiKey: 'a key' });
    expect((await ask(null)).forwardedPort).toMatchObject({ value: null, isFault: true });
    expect(await ask('a key')).toMatchObject({
      status: { value: 'running' },
      forwardedPort: { value: 5914 },
      publicAddress: { value: { ip: '203.0.113.7', country: 'Denmark' } },
    });
    expect((await gluetun.asked()).some(({ key }) => key === 'a key')).toBe(true);
  });
});
