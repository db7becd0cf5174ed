import { eventually } from '../../e2e/support';
import { docker } from '../support/docker-cli';
import { describeWithDocker } from '../support/docker-availability';
import { openRuntime } from '../support/runtime-stage';

/**
 * Far longer than a change takes to be reported on a busy machine. These tests never list engines, so a change that is
 * not reported stays unknown.
 */
const WITHIN_MS = 20_000;

describeWithDocker('changes of engines', () => {
  it('reports at once that a process was killed, and shows how it ended', async () => {
    const stage = openRuntime();
    const { id } = await stage.provision();
    await stage.open();
    const { changes } = stage.listener;
    await docker(['kill', id]);
    await eventually(() => stage.listener.changes > changes, WITHIN_MS);
    const ended = { phase: 'ended', phaseDetail: 'exited with code 137', endpoint: null };
    await eventually(async () => (await stage.see(id))?.phase === 'ended', WITHIN_MS);
    expect(await stage.see(id)).toMatchObject(ended);
  });

  it('reports at once that an engine was removed by hand', async () => {
    const stage = openRuntime();
    const { id } = await stage.provision();
    await stage.open();
    await docker(['rm', '--force', id]);
    await eventually(() => stage.listener.gone.includes(id), WITHIN_MS);
    expect(await stage.runtime.list()).toEqual([]);
  });

  it('shows a frozen engine as paused, and unpauses it', async () => {
    const stage = openRuntime();
    const engine = await stage.provision();
    await stage.open();
    const { changes } = stage.listener;
    await docker(['pause', engine.id]);
    await eventually(() => stage.listener.changes > changes, WITHIN_MS);
    expect(await stage.see(engine.id)).toMatchObject({
      phase: 'paused',
      incarnation: engine.incarnation,
    });
    await stage.runtime.unpause(engine.id);
    expect(await stage.see(engine.id)).toEqual(engine);
  });

  it('removes a frozen engine, and one that ignores SIGTERM', async () => {
    const stage = openRuntime({ ENGINE_ARGS: '--ignore-sigterm' });
    const [frozen, stubborn] = [await stage.provision(), await stage.provision()];
    await docker(['pause', frozen.id]);
    await eventually(async () => {
      const { lines } = await stage.runtime.logs(stubborn.id, 10);
      return lines.some((line) => line.includes('listening'));
    }, WITHIN_MS);
    const begun = performance.now();
    await Promise.all([stage.runtime.remove(frozen.id), stage.runtime.remove(stubborn.id)]);
    expect(await stage.containers()).toEqual([]);
    // The time between SIGTERM and SIGKILL.
    expect(performance.now() - begun).toBeGreaterThan(2500);
  });

  it('reports at once that an engine lost its network, and that it has one again', async () => {
    const stage = openRuntime();
    const engine = await stage.provision();
    await stage.open();
    // Events of networks concern only containers that a listing has shown as ours.
    expect(await stage.see(engine.id)).toEqual(engine);
    const { changes } = stage.listener;
    await docker(['network', 'disconnect', 'bridge', engine.id]);
    await eventually(() => stage.listener.changes > changes, WITHIN_MS);
    expect(await stage.see(engine.id)).toMatchObject({
      phase: 'running',
      incarnation: engine.incarnation,
      endpoint: null,
    });
    const cutOff = stage.listener.changes;
    await docker(['network', 'connect', 'bridge', engine.id]);
    await eventually(() => stage.listener.changes > cutOff, WITHIN_MS);
    expect((await stage.see(engine.id))!.endpoint).toEqual({
      host: expect.any(String),
      port: 6878,
    });
  });

  it('detects a restart by hand also without an event', async () => {
    const stage = openRuntime();
    const engine = await stage.provision();
    expect(await stage.see(engine.id)).toEqual(engine);
    await docker(['restart', '--time', '1', engine.id]);
    const seen = await stage.see(engine.id);
    expect(seen!.phase).toBe('running');
    expect(seen!.incarnation).not.toBe(engine.incarnation);
  });

  it('ignores other containers', async () => {
    const [stage, other] = [openRuntime(), openRuntime()];
    await stage.open();
    const { changes } = stage.listener;
    await other.open();
    const heard = other.listener.changes;
    const { id } = await other.provision();
    await other.runtime.remove(id);
    await eventually(() => other.listener.gone.includes(id), WITHIN_MS);
    expect(other.listener.changes).toBeGreaterThan(heard);
    expect(stage.listener.changes).toBe(changes);
    expect(stage.listener.gone).toEqual([]);
  });

  it('reports that the connection is lost when Docker does not answer, with the reason', async () => {
    const stage = openRuntime({ DOCKER_HOST: 'unix:///run/e-no-docker.sock' });
    stage.runtime.open(stage.listener);
    await eventually(() => stage.runtime.link.state === 'lost', WITHIN_MS);
    expect(stage.runtime.link.reason).not.toBe('');
    await expect(stage.runtime.list()).rejects.toMatchObject({ code: 'docker_unavailable' });
    await expect(stage.provision()).rejects.toMatchObject({ code: 'docker_unavailable' });
  });

  it('lists any number of unchanged engines with one call', async () => {
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
