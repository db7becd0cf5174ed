import 'reflect-metadata';
import { FleetStage } from './fleet-stage.spec-support';

describe('the end of the fleet', () => {
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

  it('leaves engines as they are, so that the next start finds them', async () => {
    await start({});
    await stop();
    expect(stage.runtime.count('remove')).toBe(0);
    expect(stage.runtime.isClosed).toBe(true);
    stage.runtime.vanish('e1');
    await stage.pass(60_000);
    expect(stage.fleet()).toHaveLength(3);
  });

  it('removes them when it was told to, several at a time', async () => {
    await start({ ENGINES_ON_SHUTDOWN: 'remove', MIN_REPLICAS: '20' });
    stage.runtime.refuse('remove', 'runtime_refused');
    await stop();
    expect(stage.runtime.count('remove')).toBe(20);
    expect(stage.runtime.isClosed).toBe(true);
  });

  it('removes those that no look has shown yet', async () => {
    stage = new FleetStage({ ENGINES_ON_SHUTDOWN: 'remove', MIN_REPLICAS: '0' });
    stage.runtime.add({ id: 'left' });
    await stage.reconciler.start();
    stage.reconciler.hold();
    await stop();
    expect([...stage.runtime.engines.keys()]).toEqual([]);
  });

  it('tells how many go on before the first look, and without those that are still being made', async () => {
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

  it('says what may be left when the runtime cannot be asked', async () => {
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

  it('leaves it to the runtime when engines cannot outlive us', async () => {
    await start({ ENGINES_ON_SHUTDOWN: 'remove' });
    stage.runtime.removal = null;
    await stop();
    expect(stage.runtime.count('remove')).toBe(0);
    expect(stage.runtime.isClosed).toBe(true);
  });

  it('gives up orders that are under way, and tells who waits for them', async () => {
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

  it.each(['list', 'remove'])(
    'does not wait for ever for a runtime that hangs in %s',
    async (call) => {
      await start({ ENGINES_ON_SHUTDOWN: 'remove' });
      stage.runtime.hold(call);
      stage.runtime.hint();
      await stage.pass();
      const tookMs = await stop();
      expect(tookMs).toBeGreaterThan(5000);
      expect(tookMs).toBeLessThan(7000);
      expect(stage.runtime.isClosed).toBe(true);
    },
  );
});
