import { occupy } from '../testing/engine.spec-support';
import 'reflect-metadata';
import type { Engine } from '../registry/engine';
import type { AppError } from '../../kernel/errors';
import { FleetStage, withFakeTimers } from './fleet-stage.spec-support';
import { anObservedEngine } from './scripted-runtime.spec-support';

describe('ManagedFleet', () => {
  let stage: FleetStage;

  withFakeTimers(() => stage);

  const start = async (env?: Record<string, string>) => (stage = await FleetStage.started(env));

  const runtime = () => stage.runtime;

  const codeOf = (promise: Promise<unknown>): Promise<string> =>
    promise.then(
      () => 'none',
      (error: unknown) => (error as AppError).code,
    );

  const thrownBy = (call: () => unknown): unknown => {
    try {
      call();
    } catch (error) {
      return error;
    }
    return null;
  };

  describe('a provisioning request', () => {
    it('creates an engine with the key of the request, and is ready with the first answer of that engine', async () => {
      await start();
      stage.answersAtOnce = false;
      const { key, ready } = stage.control.provision();
      const engine: Promise<Engine> = ready;
      await stage.pass();
      expect(runtime().engines.get('e2')?.key).toBe(key);
      let isReady = false;
      void engine.then(() => (isReady = true));
      await stage.pass(1000);
      expect(isReady).toBe(false);
      stage.answer('e2');
      await stage.pass();
      expect((await engine).id).toBe('e2');
      expect(runtime().count('provision')).toBe(2);
    });

    it('counts as extra during its grace period, however long the others have been idle', async () => {
      await start({ ENGINE_GRACE_PERIOD: '20s' });
      await stage.pass(30_000);
      stage.control.provision();
      await stage.pass();
      await stage.pass(15_000);
      expect(stage.fleet()).toHaveLength(2);
      await stage.pass(10_000);
      expect(stage.fleet()).toHaveLength(1);
    });

    it('can be repeated before and while the first engines are created', async () => {
      await start({ MAX_REPLICAS: '4' });
      const release = runtime().hold('provision');
      stage.control.provision();
      await stage.pass();
      stage.control.provision();
      stage.control.provision();
      expect(thrownBy(() => stage.control.provision())).toMatchObject({ code: 'no_capacity' });
      expect(stage.control.status().present).toBe(4);
      release();
      await stage.pass(1000);
      expect(stage.fleet()).toHaveLength(4);
    });

    it('is refused at MAX_REPLICAS, which includes requested engines', async () => {
      await start({ MAX_REPLICAS: '3' });
      const tickets = [stage.control.provision(), stage.control.provision()];
      expect(thrownBy(() => stage.control.provision())).toMatchObject({ code: 'no_capacity' });
      await stage.pass();
      expect((await Promise.all(tickets.map(({ ready }) => ready))).map(({ id }) => id)).toEqual([
        'e2',
        'e3',
      ]);
    });

    it.each([
      ['image_missing', 'image_missing'],
      ['network_missing', 'runtime_refused'],
      ['engine_exited', 'engine_failed'],
    ] as const)('fails: %s becomes %s', async (code, told) => {
      await start();
      runtime().refuse('provision', code);
      const { ready } = stage.control.provision();
      const failed = codeOf(ready);
      await stage.pass();
      expect(await failed).toBe(told);
    });

    it('fails when the engine is removed before its first answer', async () => {
      await start();
      stage.answersAtOnce = false;
      const failed = codeOf(stage.control.provision().ready);
      await stage.pass();
      runtime().vanish('e2');
      await stage.pass();
      expect(await failed).toBe('conflict');
      expect(stage.control.status().breaker.failures).toBe(0);
    });

    it('is refused with the reason while no engine can be created', async () => {
      stage = new FleetStage({ CIRCUIT_BREAKER_FAILURE_THRESHOLD: '1' });
      runtime().refuse('provision', 'port_conflict', 'port 19000 is taken');
      await stage.start();
      expect(thrownBy(() => stage.control.provision())).toMatchObject({
        code: 'provisioning_blocked',
        detail: expect.stringContaining('port 19000 is taken'),
        retryAfterS: 300,
      });
    });
  });

  it.each([
    [0, 1],
    [3, 3],
    [99, 4],
  ])('at least %d engines is bounded to %d', async (asked, got) => {
    await start();
    expect(stage.control.scaleTo(asked)).toBe(got);
    await stage.pass(1000);
    expect(stage.fleet()).toHaveLength(got);
  });

  it('removes an engine after its streams have left, and creates another one if it is needed', async () => {
    await start();
    const slot = occupy(stage.registry, stage.engine('e1'), 's1');
    stage.control.remove('e1');
    expect(slot.revocation?.message).toBe('requested by an operator');
    expect(stage.fleet()).toEqual(['e1 draining']);
    await stage.pass();
    expect(stage.fleet()).toEqual(['e2 healthy']);
  });

  it('removes it as soon as the runtime answers again', async () => {
    await start();
    runtime().refuse('list', 'docker_unavailable');
    runtime().hint();
    await stage.pass();
    stage.control.remove('e1');
    await stage.pass(10_000);
    expect(runtime().count('remove')).toBe(0);
    runtime().refuse('list', null);
    runtime().hint();
    await stage.pass();
    expect(stage.fleet()).toEqual(['e2 healthy']);
  });

  it('rejects waiting requests when the runtime does not answer, and creates the engine all the same', async () => {
    await start();
    const release = runtime().hold('provision');
    const { ready } = stage.control.provision();
    await stage.pass();
    runtime().refuse('list', 'docker_unavailable');
    runtime().hint();
    await stage.pass();
    expect(await codeOf(ready)).toBe('docker_unavailable');
    runtime().refuse('list', null);
    release();
    runtime().hint();
    await stage.pass();
    expect(stage.fleet()).toEqual(['e1 healthy', 'e2 healthy']);
  });

  it('restarts an engine under its id: its streams leave, and no new ones come until it is back', async () => {
    await start();
    const slot = occupy(stage.registry, stage.engine('e1'), 's1');
    const release = runtime().hold('restart');
    const restarted = stage.control.restart('e1');
    await stage.pass();
    expect(slot.isRevoked).toBe(true);
    expect(stage.engine('e1').state).toBe('draining');
    expect(await codeOf(stage.control.restart('e1'))).toBe('conflict');
    release();
    await restarted;
    await stage.pass();
    expect(stage.fleet()).toEqual(['e1 healthy']);
    expect(runtime().count('provision')).toBe(1);
  });

  it("keeps an operator's drain over a restart, and reports a failed restart", async () => {
    await start();
    stage.registry.drain(stage.engine('e1'), 'maintenance');
    runtime().refuse('restart', 'docker_unavailable');
    expect(await codeOf(stage.control.restart('e1'))).toBe('docker_unavailable');
    expect(stage.engine('e1')).toMatchObject({
      state: 'draining',
      drainReason: 'operator',
      drainDetail: 'maintenance',
    });
  });

  it('shows logs, usage and the last observation of an engine', async () => {
    await start();
    expect((await stage.control.logs('e1', 2)).lines).toEqual(['two', 'three']);
    expect((await stage.control.usage('e1')).cpuPercent).toBe(5);
    expect(stage.control.observed('e1').id).toBe('e1');
    runtime().refuse('logs', 'docker_unavailable');
    expect(await codeOf(stage.control.logs('e1', 2))).toBe('docker_unavailable');
  });

  it('answers not_found for an engine that is being removed, or has been', async () => {
    await start();
    runtime().refuse('logs', 'runtime_refused', 'marked for removal');
    expect(await codeOf(stage.control.logs('e1', 2))).toBe('runtime_refused');
    const vanishing = codeOf(stage.control.logs('e1', 2));
    runtime().vanish('e1');
    expect(await vanishing).toBe('not_found');
    await stage.pass();
    const release = runtime().hold('remove');
    stage.control.remove('e2');
    expect(await codeOf(stage.control.logs('e2', 2))).toBe('not_found');
    runtime().refuse('logs', 'docker_unavailable');
    expect(await codeOf(stage.control.logs('e2', 2))).toBe('docker_unavailable');
    release();
    await stage.pass();
  });

  it('answers not_found for an unknown engine', async () => {
    await start();
    const { control } = stage;
    expect(thrownBy(() => control.remove('x'))).toMatchObject({ code: 'not_found' });
    expect(thrownBy(() => control.observed('x'))).toMatchObject({ code: 'not_found' });
    for (const call of [control.restart('x'), control.logs('x', 1), control.usage('x')]) {
      expect(await codeOf(call)).toBe('not_found');
    }
  });

  it('removes left-over engines, and counts them', async () => {
    await start();
    runtime().engines.set('left', anObservedEngine({ id: 'left', phase: 'ended', endpoint: null }));
    runtime().engines.set(
      'half',
      anObservedEngine({ id: 'half', phase: 'created', endpoint: null }),
    );
    const cleared = stage.control.collectGarbage();
    await stage.pass();
    expect(await cleared).toBe(2);
    expect([...runtime().engines.keys()]).toEqual(['e1']);
    const again = stage.control.collectGarbage();
    await stage.pass();
    expect(await again).toBe(0);
    runtime().refuse('list', 'docker_unavailable');
    const failed = codeOf(stage.control.collectGarbage());
    await stage.pass();
    expect(await failed).toBe('docker_unavailable');
  });

  it('does not count an ended engine that is being restarted as removed', async () => {
    await start();
    const letGo = runtime().hold('restart');
    const restarted = stage.control.restart('e1');
    runtime().engines.set('e1', anObservedEngine({ id: 'e1', phase: 'ended', endpoint: null }));
    const cleared = stage.control.collectGarbage();
    await stage.pass();
    letGo();
    await restarted;
    expect(await cleared).toBe(0);
  });

  it('shows its decisions, newest last', async () => {
    await start();
    stage.control.remove('e1');
    await stage.pass();
    const { decisions } = stage.control.status();
    expect(decisions.map(({ kind, engineId, reason }) => `${kind} ${engineId} ${reason}`)).toEqual([
      'scale null null',
      'provision null null',
      'remove e1 operator',
      'provision null null',
    ]);
  });
});
