import { occupy } from '../testing/engine.spec-support';
import 'reflect-metadata';
import { FleetStage, withFakeTimers } from './fleet-stage.spec-support';

describe('FleetReconciler', () => {
  let stage: FleetStage;

  withFakeTimers(() => stage);

  const start = async (env?: Record<string, string>) => (stage = await FleetStage.started(env));

  const runtime = () => stage.runtime;

  describe('at the start', () => {
    it('creates as many engines as are wanted, and says why', async () => {
      await start({ MIN_REPLICAS: '2' });
      expect(stage.fleet()).toEqual(['e1 healthy', 'e2 healthy']);
      expect(stage.published('fleet_scaled')).toEqual([
        { from: 0, to: 2, reason: expect.stringContaining('MIN_REPLICAS') },
      ]);
      expect(stage.published('engine_ordered')).toHaveLength(2);
      expect(stage.control.status()).toMatchObject({
        runtime: 'docker',
        wanted: 2,
        present: 2,
        starting: 0,
        blocked: null,
      });
    });

    it('adopts existing engines: none is created or removed, and each should answer now', async () => {
      stage = new FleetStage({ MIN_REPLICAS: '3' });
      const createdAt = new Date(Date.now() - 3_600_000);
      for (const id of ['a', 'b', 'c']) runtime().add({ id, createdAt });
      stage.answersAtOnce = false;
      await stage.start();
      expect(stage.fleet()).toEqual(['a starting', 'b starting', 'c starting']);
      expect(stage.engine('a').mayStillStart).toBe(false);
      await stage.pass(60_000);
      expect(runtime().calls.filter((call) => call !== 'list')).toEqual([]);
    });

    it('creates nothing before the first listing', async () => {
      stage = new FleetStage();
      runtime().refuse('list', 'docker_unavailable');
      runtime().link = { state: 'lost', since: new Date(), reason: 'connection refused' };
      await stage.start();
      expect(stage.reconciler.canGrow).toBe(true);
      await stage.pass(10_000);
      expect(runtime().count('provision')).toBe(0);
      expect(stage.reconciler.canGrow).toBe(false);
      expect(stage.reconciler.blocked).toMatchObject({ code: 'docker_unavailable' });
      expect(stage.published('runtime_link_changed')).toEqual([
        { state: 'lost', reason: 'connection refused' },
      ]);
      runtime().refuse('list', null);
      runtime().link = { state: 'connected', since: new Date(), reason: null };
      runtime().hint();
      await stage.pass();
      expect(stage.fleet()).toEqual(['e1 healthy']);
      expect(stage.published('runtime_link_changed')).toHaveLength(2);
    });

    it('starts no more than ENGINE_PARALLEL_STARTS at a time', async () => {
      stage = new FleetStage({ MIN_REPLICAS: '4', ENGINE_PARALLEL_STARTS: '2' });
      stage.answersAtOnce = false;
      const release = runtime().hold('provision');
      await stage.start();
      expect(runtime().count('provision')).toBe(2);
      release();
      await stage.pass();
      stage.answer('e1');
      await stage.pass();
      expect(runtime().count('provision')).toBe(3);
      stage.answer('e2');
      stage.answer('e3');
      await stage.pass();
      expect(runtime().count('provision')).toBe(4);
      stage.answer('e4');
      expect(runtime().mostParallel).toBe(2);
    });
  });

  describe('when settings change', () => {
    it('follows changes of MIN_REPLICAS and MAX_REPLICAS at once', async () => {
      await start({ MIN_REPLICAS: '1', AUTOSCALE_INTERVAL: '10m', RECONCILE_INTERVAL: '10m' });
      stage.settings.apply({ minReplicas: 3 });
      await stage.pass();
      expect(stage.fleet()).toEqual(['e1 healthy', 'e2 healthy', 'e3 healthy']);
      expect(stage.reconciler.canGrow).toBe(true);
      stage.settings.apply({ maxReplicas: 3 });
      await stage.pass();
      expect(stage.reconciler.canGrow).toBe(false);
      stage.settings.apply({ maxReplicas: 4 });
      expect(stage.reconciler.canGrow).toBe(true);
    });

    it('follows changes of AUTOSCALE_INTERVAL and RECONCILE_INTERVAL at once', async () => {
      await start({ AUTOSCALE_INTERVAL: '10m', RECONCILE_INTERVAL: '10m' });
      const lists = runtime().count('list');
      await stage.pass(60_000);
      expect(runtime().count('list')).toBe(lists);
      stage.settings.apply({ reconcileIntervalMs: 1000 });
      await stage.pass(5500);
      expect(runtime().count('list') - lists).toBeGreaterThanOrEqual(4);
      const { decision } = stage.reconciler;
      stage.settings.apply({ reconcileIntervalMs: 600_000, autoscaleIntervalMs: 1000 });
      await stage.pass(1500);
      expect(stage.reconciler.decision).not.toBe(decision);
    });
  });

  it('lists at RECONCILE_INTERVAL, even if timers fire a little early', async () => {
    const now = performance.now.bind(performance);
    // By this clock each timer is early, as most of Node's are: they count in whole milliseconds.
    const slow = jest.spyOn(performance, 'now').mockImplementation(() => now() * 0.999);
    await start({ AUTOSCALE_INTERVAL: '10m' });
    const looks = runtime().count('list');
    await stage.pass(300_000);
    expect(runtime().count('list') - looks).toBeGreaterThanOrEqual(9);
    runtime().refuse('list', 'docker_unavailable');
    runtime().hint();
    const failed = runtime().count('list');
    await stage.pass(20_000);
    expect(runtime().count('list') - failed).toBeGreaterThanOrEqual(9);
    slow.mockRestore();
  });

  describe('when the runtime does not answer', () => {
    it('declares no engine gone, removes none, and forgets none', async () => {
      await start({ MIN_REPLICAS: '2' });
      runtime().refuse('list', 'docker_unavailable');
      runtime().engines.clear();
      runtime().hint();
      stage.wait(5);
      await stage.pass(120_000);
      expect(stage.fleet()).toEqual(['e1 healthy', 'e2 healthy']);
      expect([runtime().count('provision'), runtime().count('remove')]).toEqual([2, 0]);
    });

    it('runs one listing at a time, however many hints arrive', async () => {
      await start();
      const release = runtime().hold('list');
      for (let n = 0; n < 20; n += 1) {
        runtime().hint();
        await stage.pass(70);
      }
      const looks = runtime().count('list');
      release();
      await stage.pass(1000);
      // The hints during the listing lead to one more listing, not to twenty.
      expect(runtime().count('list')).toBe(looks + 1);
    });
  });

  describe('an engine that goes', () => {
    it('by hand: the report of the runtime is enough, its streams leave, and another engine is created', async () => {
      await start();
      const slot = occupy(stage.registry, stage.engine('e1'), 's1');
      runtime().vanish('e1');
      await stage.pass();
      expect(slot.isRevoked).toBe(true);
      expect(stage.fleet()).toEqual(['e2 healthy']);
      expect(stage.control.status().breaker).toMatchObject({ state: 'closed', failures: 0 });
    });

    it('frees its place for the next one at once, however long there was none', async () => {
      await start({
        ENGINE_RETRY_MAX: '10m',
        AUTOSCALE_INTERVAL: '10m',
        RECONCILE_INTERVAL: '10m',
      });
      runtime().refuse('provision', 'no_place', 'no port is free in 21820-21821');
      stage.control.scaleTo(2);
      await stage.pass(200_000);
      const count = (): number => runtime().count('provision');
      expect(count()).toBeGreaterThan(4);
      // The backoff is minutes by now; wait for a second in which no attempt is due.
      let tried = 0;
      while (tried !== count()) {
        tried = count();
        await stage.pass(1000);
      }
      runtime().refuse('provision', null);
      runtime().vanish('e1');
      await stage.pass();
      expect(runtime().count('provision')).toBe(tried + 2);
      expect(stage.fleet()).toHaveLength(2);
    });

    it('without a report: two listings are needed', async () => {
      await start();
      runtime().engines.delete('e1');
      runtime().hint();
      await stage.pass();
      expect(stage.fleet()).toEqual(['e1 healthy']);
      await stage.pass(30_000);
      expect(stage.fleet()).toEqual(['e2 healthy']);
    });

    it('by the end of its process: it is removed and replaced at once, and no start counts as failed', async () => {
      await start();
      runtime().change('e1', {
        phase: 'ended',
        endpoint: null,
        phaseDetail: 'exited with code 143',
      });
      await stage.pass(60);
      await stage.pass();
      expect(stage.fleet()).toEqual(['e2 healthy']);
      expect([...runtime().engines.keys()]).toEqual(['e2']);
      expect(stage.control.status().breaker.failures).toBe(0);
      expect(stage.published('engine_state_changed').map((e) => e.reason)).toContain(
        'exited with code 143',
      );
    });

    it('is removed with a growing backoff when its removal fails', async () => {
      await start();
      runtime().refuse('remove', 'runtime_refused');
      runtime().change('e1', { phase: 'ended', endpoint: null });
      await stage.pass(30_000);
      expect(runtime().count('remove e1')).toBeGreaterThan(2);
      expect(runtime().count('remove e1')).toBeLessThan(10);
      runtime().refuse('remove', null);
      await stage.pass(10_000);
      expect(stage.fleet()).toEqual(['e2 healthy']);
    });
  });

  it('announces a new process under the same id', async () => {
    await start();
    runtime().change('e1', { incarnation: 'second', endpoint: { host: 'e1', port: 7000 } });
    stage.answersAtOnce = false;
    await stage.pass();
    expect(stage.fleet()).toEqual(['e1 starting']);
    expect(stage.engine('e1').endpoint.port).toBe(7000);
    expect(stage.engine('e1').mayStillStart).toBe(true);
    stage.answer('e1');
  });

  it('unpauses an engine that was paused from outside', async () => {
    await start();
    runtime().change('e1', { phase: 'paused' });
    await stage.pass();
    expect(runtime().calls).toContain('unpause e1');
    expect(stage.fleet()).toEqual(['e1 healthy']);
  });

  it('replaces an unhealthy engine: its successor comes first, then its streams leave', async () => {
    await start();
    const slot = occupy(stage.registry, stage.engine('e1'), 's1');
    stage.answersAtOnce = false;
    stage.fail('e1');
    await stage.pass(20_000);
    expect(stage.fleet()).toEqual(['e1 unhealthy', 'e2 starting']);
    expect(slot.isRevoked).toBe(false);
    stage.answer('e2');
    await stage.pass();
    expect(slot.isRevoked).toBe(true);
    expect(stage.fleet()).toEqual(['e2 healthy']);
    expect(runtime().count('provision')).toBe(2);
  });

  describe('starts that fail', () => {
    it('are retried with a growing backoff until the breaker opens; then viewers learn why', async () => {
      stage = new FleetStage();
      runtime().refuse('provision', 'port_conflict', 'port 19000 is taken');
      await stage.start();
      expect(runtime().count('provision')).toBe(1);
      await stage.pass(20_000);
      expect(runtime().count('provision')).toBe(3);
      expect(stage.reconciler.blocked).toMatchObject({
        code: 'provisioning_blocked',
        message: expect.stringContaining('port 19000 is taken'),
      });
      expect(stage.reconciler.canGrow).toBe(false);
      await stage.pass(250_000);
      expect(runtime().count('provision')).toBe(3);
      await stage.pass(60_000);
      // Half open: one attempt, which fails and opens it again.
      expect(runtime().count('provision')).toBe(4);
      expect(stage.published('engine_order_failed')).toHaveLength(4);
      expect(stage.published('breaker_changed').map(({ to }) => to)).toEqual([
        'open',
        'half_open',
        'open',
      ]);
      runtime().refuse('provision', null);
      stage.control.resetBreaker();
      await stage.pass();
      expect(stage.fleet()).toEqual(['e1 healthy']);
    });

    it('count when the engine ends before its first answer', async () => {
      stage = new FleetStage();
      stage.answersAtOnce = false;
      runtime().template = { phase: 'ended', endpoint: null, phaseDetail: 'exited with code 1' };
      await stage.start();
      await stage.pass(30_000);
      expect(stage.control.status().breaker).toMatchObject({
        state: 'open',
        failures: 3,
        lastFailure: { code: 'engine_exited' },
      });
      expect(runtime().count('provision')).toBe(3);
      expect(runtime().engines.size).toBe(0);
    });

    it('count when the engine never answers, and it is removed', async () => {
      stage = new FleetStage({ ENGINE_START_TIMEOUT: '2s', AUTOSCALE_INTERVAL: '500ms' });
      stage.answersAtOnce = false;
      await stage.start();
      const failed = stage.control.status().breaker.failures;
      await stage.pass(2600);
      expect(failed).toBe(0);
      expect(stage.control.status().breaker).toMatchObject({
        failures: 1,
        lastFailure: { code: 'start_timeout' },
      });
      expect(stage.registry.get('e1')).toBeUndefined();
      expect(runtime().engines.has('e1')).toBe(false);
    });

    it('are forgotten with the first success', async () => {
      stage = new FleetStage();
      runtime().refuse('provision', 'name_conflict');
      await stage.start();
      await stage.pass(1000);
      runtime().refuse('provision', null);
      await stage.pass(10_000);
      expect(stage.fleet()).toEqual(['e1 healthy']);
      expect(stage.control.status().breaker.failures).toBe(0);
    });

    it('do not count while Docker does not answer', async () => {
      stage = new FleetStage();
      runtime().refuse('provision', 'docker_unavailable');
      await stage.start();
      await stage.pass(120_000);
      expect(runtime().count('provision')).toBeGreaterThan(3);
      expect(stage.control.status().breaker).toMatchObject({ state: 'closed', failures: 0 });
    });

    it('without the image say so, and viewers wait during a pull', async () => {
      stage = new FleetStage();
      runtime().refuse('provision', 'image_missing', 'no such image');
      runtime().image = {
        reference: 'engine:1',
        id: null,
        state: 'missing',
        progress: null,
        reason: 'no such image',
      };
      await stage.start();
      expect([stage.reconciler.canGrow, stage.reconciler.blocked?.code]).toEqual([
        false,
        'image_missing',
      ]);
      let told = 0;
      stage.reconciler.subscribe(() => (told += 1));
      const release = runtime().hold('provision');
      runtime().image = { ...runtime().image, state: 'pulling', reason: null };
      await stage.pass(5000);
      expect([stage.reconciler.canGrow, stage.reconciler.blocked]).toEqual([true, null]);
      expect(told).toBeGreaterThan(0);
      runtime().refuse('provision', null);
      release();
      await stage.pass();
      expect(stage.fleet()).toEqual(['e1 healthy']);
    });
  });

  it('retries for the next viewer when the image may exist by now, even if no engine is wanted otherwise', async () => {
    stage = new FleetStage({ MIN_REPLICAS: '0' });
    const { image } = runtime();
    runtime().refuse('provision', 'image_missing', 'no such image');
    runtime().image = { ...image, state: 'missing', reason: 'no such image' };
    await stage.start();
    stage.wait(1);
    await stage.pass();
    expect([stage.reconciler.canGrow, stage.reconciler.blocked?.code]).toEqual([
      false,
      'image_missing',
    ]);
    // Viewers then learn the reason at once, so none waits.
    stage.wait(0);
    await stage.pass(60_000);
    expect([stage.reconciler.canGrow, stage.reconciler.blocked]).toEqual([true, null]);
    runtime().refuse('provision', null);
    stage.wait(1);
    await stage.pass(50);
    expect(stage.fleet()).toContain('e1 healthy');
  });

  it('ends the half-open attempt of the breaker when an operator drains its engine', async () => {
    stage = new FleetStage({ ENGINE_START_TIMEOUT: '20s' });
    runtime().refuse('provision', 'port_conflict');
    await stage.start();
    await stage.pass(20_000);
    runtime().refuse('provision', null);
    stage.answersAtOnce = false;
    await stage.pass(284_000);
    expect(stage.control.status().breaker.state).toBe('half_open');
    stage.registry.drain(stage.engine('e1'), 'looks odd');
    await stage.pass(25_000);
    expect(stage.control.status().breaker).toMatchObject({
      state: 'open',
      lastFailure: { code: 'start_timeout' },
    });
    stage.answersAtOnce = true;
    await stage.pass(300_000);
    expect(stage.fleet()).toEqual(['e1 draining', 'e2 healthy']);
  });

  describe('demand', () => {
    it('of waiting requests creates an engine at once, up to MAX_REPLICAS', async () => {
      await start({ MAX_REPLICAS: '2', AUTOSCALE_INTERVAL: '10m' });
      expect(stage.reconciler.canGrow).toBe(true);
      stage.wait(1);
      await stage.pass(50);
      expect(stage.fleet()).toEqual(['e1 healthy', 'e2 healthy']);
      stage.wait(9);
      await stage.pass(1000);
      expect(runtime().count('provision')).toBe(2);
      expect(stage.reconciler.canGrow).toBe(false);
      expect(stage.reconciler.blocked).toBeNull();
    });

    it('of streams creates a free engine without waiting for a timer, and removes it after the grace period', async () => {
      await start({ MIN_FREE_REPLICAS: '1', AUTOSCALE_INTERVAL: '5s' });
      const slot = occupy(stage.registry, stage.engine('e1'), 's1');
      await stage.pass(100);
      expect(stage.fleet()).toEqual(['e1 healthy', 'e2 healthy']);
      await stage.pass(60_000);
      expect(stage.fleet()).toHaveLength(2);
      stage.registry.vacate('e1', slot);
      await stage.pass(60_000);
      expect(stage.fleet()).toHaveLength(1);
      expect(runtime().engines.size).toBe(1);
    });
  });

  it('is scaled up and down fifty times without losing or keeping an engine', async () => {
    await start({ MIN_REPLICAS: '0', ENGINE_GRACE_PERIOD: '0s', MAX_REPLICAS: '4' });
    for (let n = 0; n < 50; n += 1) {
      expect(stage.control.scaleTo(99)).toBe(4);
      await stage.pass(1000);
      expect([stage.fleet().length, runtime().engines.size]).toEqual([4, 4]);
      expect(stage.control.scaleTo(0)).toBe(0);
      await stage.pass(1000);
      expect([stage.fleet().length, runtime().engines.size]).toEqual([0, 0]);
    }
    expect([runtime().count('provision'), runtime().count('remove')]).toEqual([200, 200]);
    expect(runtime().mostParallel).toBeLessThanOrEqual(2);
    expect(new Set(runtime().requests.map(({ key }) => key)).size).toBe(200);
    expect(stage.control.status().decisions).toHaveLength(100);
  });

  it('decides nothing more when it is held, and still follows changes', async () => {
    stage = new FleetStage({ MIN_REPLICAS: '2' });
    await stage.start();
    await stage.pass(1000);
    stage.reconciler.hold();
    runtime().vanish('e1');
    await stage.pass(60_000);
    expect(stage.fleet()).toEqual(['e2 healthy']);
    expect(stage.reconciler.canGrow).toBe(false);
  });

  it('is asleep while no engine is needed and one could be created', async () => {
    stage = new FleetStage({ MIN_REPLICAS: '0', MIN_FREE_REPLICAS: '0' });
    expect(stage.reconciler.isAsleep).toBe(false);
    await stage.start();
    expect(stage.reconciler.isAsleep).toBe(true);
    runtime().refuse('list', 'docker_unavailable');
    runtime().hint();
    await stage.pass(1000);
    expect(stage.reconciler.isAsleep).toBe(false);
    runtime().refuse('list', null);
    await stage.pass(10_000);
    stage.wait(1);
    await stage.pass(1000);
    expect(stage.reconciler.isAsleep).toBe(false);
    expect(stage.fleet()).toContain('e1 healthy');
  });

  it('continues after a failed reconciliation', async () => {
    await start();
    const broken = jest.spyOn(stage.registry, 'announce').mockImplementationOnce(() => {
      throw new Error('a fault of ours');
    });
    runtime().change('e1', { incarnation: 'second' });
    await stage.pass();
    runtime().vanish('e1');
    await stage.pass();
    expect(broken).toHaveBeenCalled();
    expect(stage.fleet()).toEqual(['e2 healthy']);
  });
});
