import { EngineWatch } from './engine-watch';

describe('EngineWatch', () => {
  let probes: (() => void)[];
  let watch: EngineWatch;

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
    probes = [];
    watch = new EngineWatch({
      probe: () => new Promise<void>((resolve) => probes.push(resolve)),
      pauseMs: () => 10_000,
    });
    watch.start();
  });

  afterEach(() => {
    watch.stop();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);
  const answer = async () => {
    probes.at(-1)!();
    await pass(0);
  };

  it('probes at once, then again a pause after each answer', async () => {
    await pass(0);
    expect(probes).toHaveLength(1);
    await pass(60_000);
    expect(probes).toHaveLength(1);
    await answer();
    await pass(9_999);
    expect(probes).toHaveLength(1);
    await pass(1);
    expect(probes).toHaveLength(2);
  });

  it('probes at once when hurried', async () => {
    await pass(0);
    await answer();
    await pass(5_000);
    watch.hurry();
    await pass(0);
    expect(probes).toHaveLength(2);
  });

  it('takes a storm of complaints as one, a second after the last probe', async () => {
    await pass(0);
    await answer();
    await pass(400);
    for (let i = 0; i < 50; i += 1) watch.hurry();
    await pass(599);
    expect(probes).toHaveLength(1);
    await pass(1);
    expect(probes).toHaveLength(2);
    await answer();
    await pass(9_000);
    expect(probes).toHaveLength(2);
  });

  it('probes once more when hurried during a probe: that one may have begun before the trouble', async () => {
    await pass(0);
    await pass(200);
    watch.hurry();
    await answer();
    await pass(799);
    expect(probes).toHaveLength(1);
    await pass(1);
    expect(probes).toHaveLength(2);
  });

  it('begins nothing after its stop', async () => {
    await pass(0);
    watch.stop();
    watch.hurry();
    await answer();
    await pass(60_000);
    expect(probes).toHaveLength(1);
  });
});
