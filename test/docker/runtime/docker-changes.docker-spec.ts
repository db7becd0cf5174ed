import { eventually } from '../../e2e/support';
import { docker } from '../support/docker-cli';
import { describeWithDocker } from '../support/docker-availability';
import { openRuntime } from '../support/runtime-stage';

/**
 * Far more than a change takes to be told, on a busy machine, too. Nobody looks in these tests: what is not told when it
 * happens is not known after any time.
 */
const SOON_MS = 20_000;

describeWithDocker('changes of engines', () => {
  it('tells at once that a process was killed, and shows how it ended', async () => {
    const stage = openRuntime();
    const { id } = await stage.provision();
    await stage.open();
    const { changes } = stage.listener;
    await docker(['kill', id]);
    await eventually(() => stage.listener.changes > changes, SOON_MS);
    const ended = { phase: 'ended', phaseDetail: 'exited with code 137', endpoint: null };
    await eventually(async () => (await stage.see(id))?.phase === 'ended', SOON_MS);
    expect(await stage.see(id)).toMatchObject(ended);
  });

  it('tells at once that an engine was removed by hand', async () => {
    const stage = openRuntime();
    const { id } = await stage.provision();
    await stage.open();
    await docker(['rm', '--force', id]);
    await eventually(() => stage.listener.gone.includes(id), SOON_MS);
    expect(await stage.runtime.list()).toEqual([]);
  });

  it('shows a frozen engine as paused, and lets it run on', async () => {
    const stage = openRuntime();
    const engine = await stage.provision();
    await stage.open();
    const { changes } = stage.listener;
    await docker(['pause', engine.id]);
    await eventually(() => stage.listener.changes > changes, SOON_MS);
    expect(await stage.see(engine.id)).toMatchObject({
      phase: 'paused',
      incarnation: engine.incarnation,
    });
    await stage.runtime.unpause(engine.id);
    expect(await stage.see(engine.id)).toEqual(engine);
  });

  it('removes also an engine that is frozen, and one that ignores what it is asked', async () => {
    const stage = openRuntime({ ENGINE_ARGS: '--ignore-sigterm' });
    const [frozen, stubborn] = [await stage.provision(), await stage.provision()];
    await docker(['pause', frozen.id]);
    await eventually(async () => {
      const { lines } = await stage.runtime.logs(stubborn.id, 10);
      return lines.some((line) => line.includes('listening'));
    }, SOON_MS);
    const begun = performance.now();
    await Promise.all([stage.runtime.remove(frozen.id), stage.runtime.remove(stubborn.id)]);
    expect(await stage.containers()).toEqual([]);
    // The moment that it is given.
    expect(performance.now() - begun).toBeGreaterThan(2500);
  });

  it('tells within a second that the network of an engine was taken away, and given back', async () => {
    const stage = openRuntime();
    const engine = await stage.provision();
    await stage.open();
    // Only of those that a look has shown it is known whose they are.
    expect(await stage.see(engine.id)).toEqual(engine);
    const { changes } = stage.listener;
    await docker(['network', 'disconnect', 'bridge', engine.id]);
    await eventually(() => stage.listener.changes > changes, SOON_MS);
    expect(await stage.see(engine.id)).toMatchObject({
      phase: 'running',
      incarnation: engine.incarnation,
      endpoint: null,
    });
    const cutOff = stage.listener.changes;
    await docker(['network', 'connect', 'bridge', engine.id]);
    await eventually(() => stage.listener.changes > cutOff, SOON_MS);
    expect((await stage.see(engine.id))!.endpoint).toEqual({
      host: expect.any(String),
      port: 6878,
    });
  });

  it('notices a restart by hand also without having been told', async () => {
    const stage = openRuntime();
    const engine = await stage.provision();
    expect(await stage.see(engine.id)).toEqual(engine);
    await docker(['restart', '--time', '1', engine.id]);
    const seen = await stage.see(engine.id);
    expect(seen!.phase).toBe('running');
    expect(seen!.incarnation).not.toBe(engine.incarnation);
  });

  it('hears nothing of containers of others', async () => {
    const [stage, other] = [openRuntime(), openRuntime()];
    await stage.open();
    const { changes } = stage.listener;
    await other.open();
    const heard = other.listener.changes;
    const { id } = await other.provision();
    await other.runtime.remove(id);
    await eventually(() => other.listener.gone.includes(id), SOON_MS);
    expect(other.listener.changes).toBeGreaterThan(heard);
    expect(stage.listener.changes).toBe(changes);
    expect(stage.listener.gone).toEqual([]);
  });

  it('says that the link is lost when Docker is not there, and why', async () => {
    const stage = openRuntime({ DOCKER_HOST: 'unix:///run/e-no-docker.sock' });
    stage.runtime.open(stage.listener);
    await eventually(() => stage.runtime.link.state === 'lost', SOON_MS);
    expect(stage.runtime.link.reason).not.toBe('');
    await expect(stage.runtime.list()).rejects.toMatchObject({ code: 'docker_unavailable' });
    await expect(stage.provision()).rejects.toMatchObject({ code: 'docker_unavailable' });
  });

  it('looks at many engines for little: with one question to Docker, however many there are', async () => {
    const stage = openRuntime({ ENGINE_MEMORY_LIMIT: '128MiB' });
    await stage.open();
    await Promise.all(Array.from({ length: 4 }, () => stage.provision()));
    expect(await stage.runtime.list()).toHaveLength(4);
    const { containers } = stage.client;
    const lists = jest.spyOn(containers, 'list');
    const others = [jest.spyOn(containers, 'inspect'), jest.spyOn(containers, 'find')];
    for (let look = 0; look < 10; look += 1) expect(await stage.runtime.list()).toHaveLength(4);
    expect(lists).toHaveBeenCalledTimes(10);
    for (const other of others) expect(other).not.toHaveBeenCalled();
  });
});
