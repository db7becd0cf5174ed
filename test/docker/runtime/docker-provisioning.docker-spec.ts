import { createServer, type Server } from 'node:net';
import { startOffset } from '../../../src/engines/drivers/containers/port-allocator';
import { DockerError } from '../../../src/engines/drivers/docker-client';
import { RuntimeError } from '../../../src/engines/drivers/engine-runtime.port';
import { eventually, onScopeEnd } from '../../e2e/support';
import { docker } from '../support/docker-cli';
import { describeWithDocker } from '../support/docker-availability';
import { freePorts } from '../support/free-ports';
import { foreignContainer, newKey, openRuntime } from '../support/runtime-stage';

/** Listens like a program that has nothing to do with Docker. */
async function listenAt(port: number): Promise<void> {
  const server = await new Promise<Server>((resolve, reject) => {
    const candidate = createServer().once('error', reject);
    candidate.listen(port, '127.0.0.1', () => resolve(candidate));
  });
  onScopeEnd(() => new Promise<void>((resolve) => void server.close(() => resolve())));
}

/** An installation whose port search starts at the first of three ports. */
function instanceStartingAtFirstPort(): string {
  for (;;) {
    const instance = `e-${newKey()}`;
    if (startOffset(instance) < 1 / 3) return instance;
  }
}

describeWithDocker('provisioning that fails', () => {
  it('uses another port when a program has the first ones, and leaves no container behind', async () => {
    const instance = instanceStartingAtFirstPort();
    const { first, range } = await freePorts(3);
    const env = { ENGINE_REACH: 'published', PORT_RANGE_HOST: range };
    await listenAt(first);
    await listenAt(first + 1);
    const stage = openRuntime(env, instance);
    const engine = await stage.provision();
    expect(engine.endpoint).toEqual({ host: '127.0.0.1', port: first + 2 });
    expect(await stage.containers()).toEqual([`${engine.name} running`]);
    await expect(stage.provision()).rejects.toMatchObject({ code: 'port_conflict' });
    expect(await stage.containers()).toEqual([`${engine.name} running`]);
  });

  it('fails while all ports of the range are in use, and succeeds after an engine was removed', async () => {
    const { first, range } = await freePorts(1);
    const stage = openRuntime({ ENGINE_REACH: 'published', PORT_RANGE_HOST: range });
    const engine = await stage.provision();
    await expect(stage.provision()).rejects.toMatchObject({ code: 'no_place' });
    await stage.runtime.remove(engine.id);
    expect((await stage.provision()).endpoint!.port).toBe(first);
  });

  it('uses another name when a container has the first one, and does not change that container', async () => {
    const stage = openRuntime();
    const key = newKey();
    const owner = stage.instance.replace('-', '').slice(0, 6);
    const name = `acefleet-${owner}-${key.slice(0, 6)}`;
    const foreign = await foreignContainer(name);
    const engine = await stage.provision({ key });
    expect(engine.name).not.toBe(name);
    expect(await docker(['inspect', '--format', '{{.State.Status}}', foreign])).toBe('created');
    expect(await stage.containers()).toEqual([`${engine.name} running`]);
  });

  it('fails once with a missing image, and leaves nothing', async () => {
    // No registry listens at this address.
    const image = 'localhost:1/e/none:latest';
    const stage = openRuntime({ ENGINE_IMAGE: image });
    const failures = await Promise.allSettled([stage.provision(), stage.provision()]);
    for (const failure of failures) {
      expect(failure).toMatchObject({ status: 'rejected', reason: { code: 'image_missing' } });
    }
    const later: unknown = await stage.provision().catch((error: unknown) => error);
    expect(later).toBeInstanceOf(RuntimeError);
    expect((later as RuntimeError).code).toBe('image_missing');
    expect((later as RuntimeError).retryAfterMs).toBeGreaterThan(0);
    expect(stage.runtime.image).toMatchObject({ reference: image, state: 'missing' });
    expect(stage.runtime.image.reason).toMatch(/refused/);
    await new Promise(setImmediate);
    const pulls = stage.events.filter(({ type }) => type === 'image_pull');
    expect(pulls.map(({ payload }) => (payload as { state: string }).state)).toEqual([
      ...['started', 'failed'],
    ]);
    expect(await stage.containers()).toEqual([]);
  });

  it('shows an engine that ends at once as ended', async () => {
    const env = { ENGINE_PROFILE: 'generic', ENGINE_ARGS: '--http-port nonsense' };
    const stage = openRuntime(env);
    const { id } = await stage.provision();
    await stage.open();
    const seen = await eventually(async () => {
      const found = await stage.see(id);
      return found?.phase !== 'running' && found;
    }, 40_000);
    expect(seen).toMatchObject({ phase: 'ended', endpoint: null });
    expect(seen.phaseDetail).toMatch(/^exited with code \d+$/);
  });

  it.each(['create', 'start'] as const)(
    'leaves nothing when the request is cancelled during its %s',
    async (step) => {
      const stage = openRuntime();
      const calling = new AbortController();
      const { containers } = stage.client;
      const original = containers[step].bind(containers) as (...args: unknown[]) => Promise<string>;
      const outcomes: string[] = [];
      jest.spyOn(containers, step).mockImplementation(async (...args: unknown[]) => {
        const outcome = await original(...args);
        outcomes.push(...(await stage.containers()));
        calling.abort();
        return outcome;
      });
      const cancelled = { code: 'runtime_refused', message: 'the request was cancelled' };
      await expect(stage.provision({}, calling.signal)).rejects.toMatchObject(cancelled);
      const state = step === 'create' ? 'created' : 'running';
      expect(outcomes).toEqual([expect.stringMatching(` ${state}$`)]);
      expect(await stage.containers()).toEqual([]);
    },
  );

  it('removes a container later if its removal failed, and does not list it meanwhile', async () => {
    const stage = openRuntime();
    const { containers } = stage.client;
    const lost = new DockerError('docker_unavailable', 'no answer', null);
    const create = containers.create.bind(containers);
    jest.spyOn(containers, 'create').mockImplementation(async (...args) => {
      await create(...args);
      throw lost;
    });
    const remove = jest.spyOn(containers, 'remove').mockRejectedValue(lost);
    await expect(stage.provision()).rejects.toMatchObject({ code: 'docker_unavailable' });
    expect(await stage.containers()).toEqual([expect.stringMatching(/ created$/)]);
    remove.mockRestore();
    expect(await stage.runtime.list()).toEqual([]);
    await eventually(async () => (await stage.containers()).length === 0, 40_000);
  });
});
