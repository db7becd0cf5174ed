import { createServer } from 'node:net';
import { eventually, onScopeEnd } from '../e2e/support';
import type { ObservedEngine, VpnSlot } from '../../src/engines/drivers/engine-runtime.port';
import { describeWithDocker } from './support/docker-availability';
import { docker } from './support/docker-cli';
import { freePorts } from './support/free-ports';
import { PrivateDockerd } from './support/private-dockerd';
import { openSwarm, startSwarm } from './support/swarm-stage';

/** Time limit for a container, its Node.js or an event on a busy machine. */
const WITHIN_MS = 40_000;

const VPN_SLOT: VpnSlot = {
  vpn: 'gluetun',
  containerId: 'a'.repeat(64),
  containerStartedAt: '2026-01-01T00:00:00Z',
  host: '10.0.0.1',
  ports: { from: 21_000, to: 21_009 },
  forwardedPort: null,
};

/** The engine's own answer at the address that the runtime shows. */
function versionAt({ endpoint }: Pick<ObservedEngine, 'endpoint'>): Promise<string> {
  const url = `http://${endpoint!.host}:${endpoint!.port}/webui/api/service?method=get_version`;
  return eventually(async () => {
    const signal = AbortSignal.timeout(5000);
    const response = await fetch(url, { headers: { Connection: 'close' }, signal });
    return ((await response.json()) as { result: { version: string } }).result.version;
  }, WITHIN_MS);
}

describeWithDocker('engines as services of a Swarm', () => {
  let swarm: PrivateDockerd;
  const ask = (...args: string[]): Promise<string> => docker(args, swarm.dockerHost);

  beforeAll(async () => {
    swarm = await startSwarm();
    await ask('network', 'create', '--driver', 'overlay', '--attachable', 'engines');
  }, 180_000);

  it('creates one that answers at a port of its node from the range, and removes it completely', async () => {
    const { first, range } = await freePorts(20);
    const stage = openSwarm(swarm.dockerHost, { PORT_RANGE_HOST: range });
    const engine = await stage.provision({ key: '0123456789ab' });
    expect(engine).toMatchObject({
      key: '0123456789ab',
      phase: 'running',
      apiPort: null,
      vpn: null,
    });
    expect(engine.specHash).toBe(stage.runtime.specHash);
    expect(engine.endpoint!.host).toBe('127.0.0.1');
    expect(engine.endpoint!.port).toBeGreaterThanOrEqual(first);
    expect(engine.endpoint!.port).toBeLessThan(first + 20);
    expect(await versionAt(engine)).toMatch(/^3\./);
    expect(stage.runtime.image.state).toBe('present');
    expect(await stage.runtime.list()).toEqual([engine]);

    await stage.runtime.remove(engine.id);
    await stage.runtime.remove(engine.id);
    expect(await stage.runtime.list()).toEqual([]);
    expect(await stage.isEmpty()).toBe(true);
  });

  it('creates one without privileges, with its limits and an init, that is never restarted', async () => {
    const stage = openSwarm(swarm.dockerHost, { ENGINE_MEMORY_LIMIT: '256MiB' });
    await stage.provision();
    const [id = ''] = await stage.containers();
    const inspected = JSON.parse(await ask('container', 'inspect', id)) as [
      { HostConfig: object; Config: object },
    ];
    expect(inspected[0].HostConfig).toMatchObject({
      Memory: 256 * 1024 ** 2,
      PidsLimit: 1024,
      CapDrop: ['ALL'],
      Init: true,
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '2' } },
    });
    expect(inspected[0].Config).toMatchObject({ Healthcheck: { Test: ['NONE'] } });
    const template = '.Spec.TaskTemplate';
    const policy = `{{${template}.RestartPolicy.Condition}} {{${template}.ContainerSpec.StopGracePeriod}}`;
    expect(await ask('service', 'inspect', '--format', policy, await stage.services())).toBe(
      'none 3s',
    );
  });

  it('creates one that answers at its own address in a network of the Swarm', async () => {
    const env = { ENGINE_REACH: 'container', DOCKER_NETWORK: 'engines' };
    const stage = openSwarm(swarm.dockerHost, env);
    const engine = await stage.provision();
    expect(engine.endpoint).toEqual({ host: expect.stringMatching(/^10\./), port: 6878 });
    expect(engine.apiPort).toBe(62_062);
    // Reachable only from a container in that network.
    const url = `http://${engine.endpoint!.host}:6878/webui/api/service?method=get_version`;
    const script = `fetch(${JSON.stringify(url)}).then((r) => r.text()).then(console.log)`;
    const image = engine.image;
    const answer = await eventually(
      () =>
        ask(
          'run',
          '--rm',
          '--network',
          'engines',
          '--entrypoint',
          '/usr/bin/node',
          image,
          '-e',
          script,
        ),
      WITHIN_MS,
    );
    expect(answer).toContain('"version":"3.');
  });

  it('lists engines for the next process of the same installation, and for no other', async () => {
    const stage = openSwarm(swarm.dockerHost);
    const engine = await stage.provision();
    await stage.runtime.close();
    const next = openSwarm(swarm.dockerHost, {}, stage.instance);
    expect(await next.runtime.list()).toEqual([engine]);
    const stranger = openSwarm(swarm.dockerHost);
    expect(await stranger.runtime.list()).toEqual([]);
    await expect(stranger.runtime.remove(engine.id)).rejects.toMatchObject({
      code: 'runtime_refused',
    });
    await expect(stranger.runtime.restart(engine.id)).rejects.toMatchObject({
      code: 'runtime_refused',
    });
    expect(await next.runtime.list()).toEqual([engine]);
  });

  it('shows one whose process was killed as ended, and does not restart it', async () => {
    const stage = openSwarm(swarm.dockerHost);
    await stage.open();
    const engine = await stage.provision();
    const changes = stage.listener.changes;
    await ask('kill', ...(await stage.containers()));
    const ended = await eventually(async () => {
      const seen = await stage.see(engine.id);
      return seen?.phase === 'ended' && seen;
    }, WITHIN_MS);
    expect(ended).toMatchObject({ phaseDetail: 'exited with code 137', endpoint: null });
    await eventually(() => stage.listener.changes > changes, WITHIN_MS, 'word of it');
    await new Promise((resolve) => setTimeout(resolve, 2000));
    expect((await stage.see(engine.id))?.incarnation).toBe(engine.incarnation);
    await stage.runtime.remove(engine.id);
    expect(await stage.isEmpty()).toBe(true);
  });

  it('reports that a service was removed by hand', async () => {
    const stage = openSwarm(swarm.dockerHost);
    await stage.open();
    const engine = await stage.provision();
    await ask('service', 'rm', engine.id);
    await eventually(() => stage.listener.gone.includes(engine.id), WITHIN_MS);
    expect(await stage.runtime.list()).toEqual([]);
  });

  it('restarts one under the same id and at the same port', async () => {
    const stage = openSwarm(swarm.dockerHost);
    const engine = await stage.provision();
    await stage.runtime.restart(engine.id);
    const again = await stage.see(engine.id);
    expect(again).toMatchObject({ id: engine.id, phase: 'running', endpoint: engine.endpoint });
    expect(again?.incarnation).not.toBe(engine.incarnation);
    expect(await versionAt(again!)).toMatch(/^3\./);
  });

  it('shows the log and the usage of an engine', async () => {
    const stage = openSwarm(swarm.dockerHost);
    const engine = await stage.provision();
    const { lines } = await eventually(async () => {
      const logs = await stage.runtime.logs(engine.id, 10);
      return logs.lines.length > 0 && logs;
    }, WITHIN_MS);
    expect(lines).toEqual([expect.stringContaining('"event":"listening"')]);
    const usage = await stage.runtime.usage(engine.id);
    expect(usage.memoryBytes).toBeGreaterThan(1_000_000);
    expect(usage.memoryLimitBytes).toBe(1024 ** 3);
    await expect(stage.runtime.unpause()).rejects.toMatchObject({
      code: 'runtime_refused',
    });
  });

  it('reports the constraint that no node meets, and leaves nothing', async () => {
    const stage = openSwarm(swarm.dockerHost, { SWARM_CONSTRAINTS: 'node.labels.engines==true' });
    await expect(stage.provision()).rejects.toMatchObject({
      code: 'no_place',
      message: expect.stringMatching(/no suitable node .*constraints/),
    });
    expect(await stage.isEmpty()).toBe(true);
  });

  it('reports that no node has the image, and leaves nothing', async () => {
    const stage = openSwarm(swarm.dockerHost, { ENGINE_IMAGE: '127.0.0.1:1/engine:none' });
    await expect(stage.provision()).rejects.toMatchObject({
      code: 'image_missing',
      message: expect.stringMatching(/127\.0\.0\.1:1\/engine:none/),
    });
    expect(stage.runtime.image).toMatchObject({ state: 'missing' });
    expect(await stage.isEmpty()).toBe(true);
  });

  it('uses the next port when a program of the node has the first', async () => {
    const { first, range } = await freePorts(2);
    const stage = openSwarm(swarm.dockerHost, { PORT_RANGE_HOST: range });
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(first, '0.0.0.0', resolve));
    onScopeEnd(() => new Promise<void>((resolve) => void squatter.close(() => resolve())));
    const engine = await stage.provision();
    expect(engine.endpoint!.port).toBe(first + 1);
    await stage.runtime.remove(engine.id);
    expect(await stage.isEmpty()).toBe(true);
  });

  it('refuses requests that a Swarm does not support, and leaves nothing', async () => {
    const stage = openSwarm(swarm.dockerHost);
    await expect(stage.provision({ vpnSlot: VPN_SLOT })).rejects.toMatchObject({
      code: 'runtime_refused',
    });
    const networkless = openSwarm(swarm.dockerHost, { DOCKER_NETWORK: 'not-there' });
    await expect(networkless.provision()).rejects.toMatchObject({ code: 'network_missing' });
    const outside = openSwarm(swarm.dockerHost, { ENGINE_REACH: 'container' });
    await expect(outside.provision()).rejects.toMatchObject({ code: 'network_missing' });
    for (const each of [stage, networkless, outside]) expect(await each.isEmpty()).toBe(true);
  });

  it('removes the service when the request is cancelled before its task runs', async () => {
    const stage = openSwarm(swarm.dockerHost, { SWARM_CONSTRAINTS: 'node.labels.engines==true' });
    const calling = new AbortController();
    const order = stage.provision({}, calling.signal);
    const outcome = expect(order).rejects.toMatchObject({ code: 'runtime_refused' });
    await eventually(async () => (await stage.services()) !== '', WITHIN_MS);
    calling.abort();
    await outcome;
    expect(await stage.isEmpty()).toBe(true);
  });
});

describeWithDocker('a Docker Engine outside of any Swarm', () => {
  it('counts as a lost connection with the reason, and creates nothing', async () => {
    const daemon = await PrivateDockerd.start({ name: 'g' });
    onScopeEnd(() => daemon.cleanup());
    const stage = openSwarm(daemon.dockerHost, { ENGINE_IMAGE: 'engine:none' });
    await stage.open();
    await expect(stage.runtime.list()).rejects.toMatchObject({
      code: 'docker_unavailable',
      message: expect.stringMatching(/not a manager of a Swarm/),
    });
    expect(stage.runtime.link).toMatchObject({
      state: 'lost',
      reason: expect.stringMatching(/not a manager of a Swarm/),
    });
    await expect(stage.provision()).rejects.toMatchObject({ code: 'runtime_refused' });
    await stage.runtime.close();
  });
});
