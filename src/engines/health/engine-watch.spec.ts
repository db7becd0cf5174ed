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

  describe('asked for a result of now', () => {
    /** Counts those who have it. */
    let told: number;
    const ask = () => void watch.probed().then(() => (told += 1));

    beforeEach(() => (told = 0));

    it('begins one probe for all who ask', async () => {
      await pass(0);
      await answer();
      await pass(3_000);
      ask();
      ask();
      await pass(0);
      ask();
      expect([probes.length, told]).toEqual([2, 0]);
      await answer();
      expect([probes.length, told]).toEqual([2, 3]);
    });

    it('waits for the probe in flight, however long that has been under way', async () => {
      await pass(4_000);
      ask();
      await pass(500);
      expect([probes.length, told]).toEqual([1, 0]);
      await answer();
      expect([probes.length, told]).toEqual([1, 1]);
    });

    it('takes a probe that began less than a second ago', async () => {
      await pass(0);
      await answer();
      await pass(999);
      ask();
      await pass(0);
      expect([probes.length, told]).toEqual([1, 1]);
    });

    it('keeps nobody waiting beyond its stop', async () => {
      await pass(0);
      ask();
      watch.stop();
      ask();
      await pass(0);
      expect(told).toBe(2);
    });
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
