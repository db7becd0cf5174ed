import 'reflect-metadata';
import { FleetStage } from './fleet-stage.spec-support';

describe('FleetShutdown', () => {
  let stage: FleetStage;

  beforeEach(() => jest.useFakeTimers());
  afterEach(() => {
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  async function start(env: Record<string, string>): Promise<void> {
    stage = new FleetStage({ MIN_REPLICAS: '3', MAX_REPLICAS: '20', ...env });
    await stage.start();
  }

  async function stop(): Promise<number> {
    const startedAt = performance.now();
    let tookMs = Infinity;
    const stopped = stage.reconciler.stop().then(() => (tookMs = performance.now() - startedAt));
    await stage.pass(20_000);
    await stopped;
    return tookMs;
  }

  it('keeps engines, so that the next start finds them', async () => {
    await start({});
    await stop();
    expect(stage.runtime.count('remove')).toBe(0);
    expect(stage.runtime.isClosed).toBe(true);
    stage.runtime.vanish('e1');
    await stage.pass(60_000);
    expect(stage.fleet()).toHaveLength(3);
  });

  it('removes them with ENGINES_ON_SHUTDOWN=remove, several at a time', async () => {
    await start({ ENGINES_ON_SHUTDOWN: 'remove', MIN_REPLICAS: '20' });
    stage.runtime.refuse('remove', 'runtime_refused');
    await stop();
    expect(stage.runtime.count('remove')).toBe(20);
    expect(stage.runtime.isClosed).toBe(true);
  });

  it('follows changes of ENGINES_ON_SHUTDOWN', async () => {
    await start({ ENGINES_ON_SHUTDOWN: 'keep' });
    stage.settings.apply({ enginesOnShutdown: 'remove' });
    await stop();
    expect(stage.runtime.count('remove')).toBe(3);
  });

  it('removes engines that no listing has contained yet', async () => {
    stage = new FleetStage({ ENGINES_ON_SHUTDOWN: 'remove', MIN_REPLICAS: '0' });
    stage.runtime.add({ id: 'left' });
    await stage.reconciler.start();
    stage.reconciler.hold();
    await stop();
    expect([...stage.runtime.engines.keys()]).toEqual([]);
  });

  it('says how many keep running before the first listing, and without those that are still being created', async () => {
    stage = new FleetStage({ MIN_REPLICAS: '3' });
    stage.runtime.add({ id: 'left' });
    stage.runtime.hold('provision');
    await stage.reconciler.start();
    stage.reconciler.hold();
    const early = stage.reconciler.farewell();
    await stage.pass();
    expect(await early).toMatch(/^1 engine keeps running/);
    await stop();
    expect([...stage.runtime.engines.keys()]).toEqual(['left']);

    stage = new FleetStage({ MIN_REPLICAS: '3' });
    stage.runtime.add({ id: 'left' });
    stage.runtime.hold('provision');
    await stage.start();
    expect(stage.control.status().present).toBe(3);
    stage.reconciler.hold();
    expect(await stage.reconciler.farewell()).toMatch(/^1 engine keeps running/);
    await stop();
    expect([...stage.runtime.engines.keys()]).toEqual(['left']);
  });

  it('says what may be left when the runtime does not answer', async () => {
    stage = new FleetStage({ MIN_REPLICAS: '0' });
    stage.runtime.add({ id: 'left' });
    stage.runtime.refuse('list', 'docker_unavailable');
    await stage.start();
    stage.reconciler.hold();
    const told = stage.reconciler.farewell();
    await stage.pass();
    expect(await told).toMatch(/^engines of this installation, if there are any, keep running/);
    await stop();
  });

  it('leaves engines to the runtime when they cannot outlive the process', async () => {
    await start({ ENGINES_ON_SHUTDOWN: 'remove' });
    stage.runtime.removal = null;
    await stop();
    expect(stage.runtime.count('remove')).toBe(0);
    expect(stage.runtime.isClosed).toBe(true);
  });

  it('aborts provisioning requests, and rejects those who wait for them', async () => {
    stage = new FleetStage();
    stage.runtime.hold('provision');
    await stage.start();
    const { ready } = stage.control.provision();
    const told = ready.catch((error: unknown) => error);
    expect(await stop()).toBeLessThan(100);
    expect(await told).toMatchObject({ code: 'shutting_down' });
    expect(stage.runtime.engines.size).toBe(0);
    expect(stage.published('engine_order_failed')).toEqual([]);
  });

  it.each(['list', 'remove'])('ends by its deadline when the runtime hangs in %s', async (call) => {
    await start({ ENGINES_ON_SHUTDOWN: 'remove' });
    stage.runtime.hold(call);
    stage.runtime.hint();
    await stage.pass();
    const tookMs = await stop();
    expect(tookMs).toBeGreaterThan(5000);
    expect(tookMs).toBeLessThan(7000);
    expect(stage.runtime.isClosed).toBe(true);
  });
});
