import { createServer, type Server } from 'node:net';
import { availableParallelism } from 'node:os';
import { DockerClient, isAbsent } from '../../../src/engines/drivers/docker-client';
import { findOwnContainer } from '../../../src/engines/drivers/docker-client/own-container';
import { eventually, onScopeEnd } from '../../e2e/support';
import { describeWithDocker } from '../support/docker-availability';
import { docker } from '../support/docker-cli';
import { PrivateDockerd } from '../support/private-dockerd';
import { simulatorImage } from '../support/simulator-image';

/** Time limit for a Node.js program in a container on a busy machine. */
const WITHIN_MS = 40_000;

const LABELS = { 'dev.acefleet.test': 'd', 'dev.acefleet.other': 'x' };

describeWithDocker('containers by the client', () => {
  let daemon: PrivateDockerd;
  let client: DockerClient;
  let image: string;

  beforeAll(async () => {
    daemon = await PrivateDockerd.start({ name: 'dc', takesNetworks: true });
    onScopeEnd(() => daemon.cleanup());
    image = simulatorImage({ dockerHost: daemon.dockerHost });
    client = new DockerClient(daemon.dockerHost);
    onScopeEnd(() => {
      client.close();
    });
  });

  const order = (more: object = {}): object => ({ Image: image, Labels: LABELS, ...more });

  it('live and end', async () => {
    const { containers } = client;
    const id = await containers.create(
      'd-life',
      order({ HostConfig: { Memory: 256 * 1024 * 1024 } }),
    );
    const [listed] = await containers.list(['dev.acefleet.test=d', 'dev.acefleet.other']);
    expect(listed).toMatchObject({ Id: id, State: 'created' });
    expect(await containers.list(['dev.acefleet.test=d', 'dev.acefleet.other=y'])).toEqual([]);

    expect(await containers.start(id)).toBe('done');
    expect(await containers.start(id)).toBe('already');
    const { State, NetworkSettings } = await containers.inspect('d-life');
    expect(State).toMatchObject({ Running: true, Status: 'running' });
    expect(NetworkSettings.Networks?.['bridge']?.IPAddress).toMatch(/^10\./);
    await eventually(
      async () => (await containers.logs(id, 10)).length > 0,
      WITHIN_MS,
      'log lines',
    );
    expect((await containers.logs(id, 1)).join()).toContain('"event":"listening"');

    const usage = await containers.usage(id);
    expect(usage.memoryLimitBytes).toBe(256 * 1024 * 1024);
    expect(usage.memoryBytes).toBeGreaterThan(1024 * 1024);
    expect(usage.cpuPercent).toBeGreaterThanOrEqual(0);
    expect(usage.cpuPercent).toBeLessThan(availableParallelism() * 100 + 50);

    expect(await containers.unpause(id)).toBe('already');
    await docker(['pause', id], daemon.dockerHost);
    expect((await containers.inspect(id)).State.Paused).toBe(true);
    expect(await containers.unpause(id)).toBe('done');

    const startedAt = (await containers.inspect(id)).State.StartedAt;
    await containers.restart(id, 1);
    expect((await containers.inspect(id)).State.StartedAt).not.toBe(startedAt);
    expect(await containers.stop(id, 1)).toBe('done');
    expect(await containers.stop(id, 1)).toBe('already');
    expect(await containers.start(id)).toBe('done');
    expect(await containers.remove(id)).toBe('done');
    expect(await containers.remove(id)).toBe('absent');
    expect(await containers.stop(id, 1)).toBe('absent');
    expect(await containers.find(id)).toBeNull();
    const failure: unknown = await containers.inspect(id).catch((error: unknown) => error);
    expect(isAbsent(failure)).toBe(true);
  });

  it('are read byte by byte from stdout and stderr, the newest lines', async () => {
    const script =
      'for (let i = 0; i < 50; i += 1) { console.log("out " + i); console.error("err é " + i); }';
    const command = { Entrypoint: ['/usr/bin/node', '-e', script] };
    for (const Tty of [false, true]) {
      const id = await client.containers.create(`d-log-${Tty}`, order({ ...command, Tty }));
      await client.containers.start(id);
      const all = await eventually(async () => {
        // Docker writes the last lines with a delay.
        const lines = await client.containers.logs(id, 1000);
        return lines.length >= 100 && lines;
      }, WITHIN_MS);
      expect(all).toHaveLength(100);
      expect(all).toEqual(expect.arrayContaining(['out 0', 'err é 0', 'out 49', 'err é 49']));
      expect(await client.containers.logs(id, 4)).toEqual(all.slice(-4));
      expect(await client.containers.remove(id)).toBe('done');
    }
  });

  it('fail with error codes', async () => {
    const { containers } = client;
    const failure = async (call: Promise<unknown>): Promise<unknown> =>
      call.then(
        () => null,
        (error: unknown) => error,
      );
    expect(await failure(containers.create('d-a', { Image: 'd-no-such:1' }))).toMatchObject({
      code: 'image_missing',
      message: 'No such image: d-no-such:1',
    });

    const first = await containers.create('d-a', order());
    expect(await failure(containers.create('d-a', order()))).toMatchObject({
      code: 'name_conflict',
    });

    const HostConfig = { NetworkMode: 'd-no-such-network' };
    const lost = await failure(
      containers.create('d-b', order({ HostConfig })).then((id) => containers.start(id)),
    );
    expect(lost).toMatchObject({ code: 'network_missing' });

    const strange = { HostConfig: { NetworkMode: 'container:d-no-such' } };
    const withoutNetwork = await failure(
      containers.create('d-c', order(strange)).then((id) => containers.start(id)),
    );
    expect(withoutNetwork).toMatchObject({ code: 'runtime_refused', message: /No such container/ });
    expect(await containers.remove(first)).toBe('done');
  });

  it.each(['another program', 'another container'])(
    'do not start on a port of %s',
    async (whose) => {
      const publishedAt = (HostPort: string): object => ({
        ExposedPorts: { '6878/tcp': {} },
        HostConfig: { PortBindings: { '6878/tcp': [{ HostIp: '127.0.0.1', HostPort }] } },
      });
      const holder = createServer();
      const made: string[] = [];
      let port: string;
      if (whose === 'another container') {
        // Docker chooses the port, so that no other program has it.
        made.push(await client.containers.create('d-holder', order(publishedAt(''))));
        await client.containers.start('d-holder');
        const at = await docker(['port', 'd-holder', '6878/tcp'], daemon.dockerHost);
        port = at.split('\n')[0]!.split(':').at(-1)!;
      } else {
        port = String(await listen(holder));
      }
      const id = await client.containers.create('d-late', order(publishedAt(port)));
      await expect(client.containers.start(id)).rejects.toMatchObject({ code: 'port_conflict' });
      // A container whose start failed stays, and its creator must remove it.
      expect((await client.containers.inspect(id)).State.Status).toBe('created');
      for (const one of [...made, id]) expect(await client.containers.remove(one)).toBe('done');
      if (holder.listening) await new Promise((resolve) => holder.close(resolve));
    },
  );

  it('are identified from inside', async () => {
    const id = await client.containers.create('d-own', order({ Hostname: 'chosen' }));
    await client.containers.start(id);
    const script = `const read = (path) => require('fs').readFileSync(path, 'utf8');
      console.log(JSON.stringify({ hostname: require('os').hostname(),
        mounts: read('/proc/self/mountinfo'), cgroups: read('/proc/self/cgroup') }))`;
    const text = await docker(['exec', 'd-own', '/usr/bin/node', '-e', script], daemon.dockerHost);
    const traces = JSON.parse(text) as { hostname: string; mounts: string; cgroups: string };
    expect(traces.hostname).toBe('chosen');
    const own = { id, name: 'd-own', networks: [{ name: 'bridge', ipAddress: /^10\./ }] };
    expect(await findOwnContainer(client.containers, traces)).toMatchObject(own);
    // Either trace suffices: which one exists depends on the kernel and on how /etc is mounted.
    for (const missing of ['mounts', 'cgroups'] as const) {
      const less = { ...traces, [missing]: '' };
      expect(await findOwnContainer(client.containers, less)).toMatchObject(own);
    }
    await client.containers.remove(id);
    expect(await findOwnContainer(client.containers, traces)).toBeNull();
    expect(await client.ownContainer()).toBeNull();
  });

  it('describes the Docker Engine, images and networks', async () => {
    expect(await client.version()).toEqual({ arch: expect.stringMatching(/^\w+$/) });
    expect(await client.info()).toEqual({ name: expect.stringMatching(/./), nodeId: '' });
    expect((await client.images.find(image))?.Id).toMatch(/^sha256:/);
    expect(await client.images.find('d-no-such:1')).toBeNull();
    const id = await docker(['network', 'create', 'd-net'], daemon.dockerHost);
    expect(await client.networks.find('d-net')).toMatchObject({ Id: id, Driver: 'bridge' });
    await docker(['network', 'rm', 'd-net'], daemon.dockerHost);
    expect(await client.networks.find('d-net')).toBeNull();
  });

  it('a pull that cannot succeed reports the reason', async () => {
    const pull = client.images.pull('127.0.0.1:1/d/no-such:1', () => undefined);
    await expect(pull).rejects.toMatchObject({
      code: 'image_missing',
      message: /connection refused/,
    });
  });
});

function listen(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      resolve((server.address() as { port: number }).port);
    });
  });
}
