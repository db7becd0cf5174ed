import { ProbeLoop } from './probe-loop';

describe('ProbeLoop', () => {
  let probes: (() => void)[];
  let loop: ProbeLoop;

  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'queueMicrotask'] });
    probes = [];
    loop = new ProbeLoop({
      probe: () => new Promise<void>((resolve) => probes.push(resolve)),
      pauseMs: () => 10_000,
    });
    loop.start();
  });

  afterEach(() => {
    loop.stop();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);
  const answer = async () => {
    probes.at(-1)!();
    await pass(0);
  };

  it('probes at once, then after a pause after each answer', async () => {
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
    loop.hurry();
    await pass(0);
    expect(probes).toHaveLength(2);
  });

  it('answers many complaints with one probe, a second after the last one', async () => {
    await pass(0);
    await answer();
    await pass(400);
    for (let i = 0; i < 50; i += 1) loop.hurry();
    await pass(599);
    expect(probes).toHaveLength(1);
    await pass(1);
    expect(probes).toHaveLength(2);
    await answer();
    await pass(9_000);
    expect(probes).toHaveLength(2);
  });

  it('probes once more when hurried during a probe, which may have begun before the fault', async () => {
    await pass(0);
    await pass(200);
    loop.hurry();
    await answer();
    await pass(799);
    expect(probes).toHaveLength(1);
    await pass(1);
    expect(probes).toHaveLength(2);
  });

  describe('when callers ask for a current result', () => {
    /** Number of callers that have received the result. */
    let answered: number;
    const ask = () => void loop.probed().then(() => (answered += 1));

    beforeEach(() => (answered = 0));

    it('begins one probe for all callers', async () => {
      await pass(0);
      await answer();
      await pass(3_000);
      ask();
      ask();
      await pass(0);
      ask();
      expect([probes.length, answered]).toEqual([2, 0]);
      await answer();
      expect([probes.length, answered]).toEqual([2, 3]);
    });

    it('waits for the running probe, however long it has been running', async () => {
      await pass(4_000);
      ask();
      await pass(500);
      expect([probes.length, answered]).toEqual([1, 0]);
      await answer();
      expect([probes.length, answered]).toEqual([1, 1]);
    });

    it('uses a probe that began less than a second ago', async () => {
      await pass(0);
      await answer();
      await pass(999);
      ask();
      await pass(0);
      expect([probes.length, answered]).toEqual([1, 1]);
    });

    it('resolves for all callers when the loop stops', async () => {
      await pass(0);
      ask();
      loop.stop();
      ask();
      await pass(0);
      expect(answered).toBe(2);
    });
  });

  it('begins no probe after its stop', async () => {
    await pass(0);
    loop.stop();
    loop.hurry();
    await answer();
    await pass(60_000);
    expect(probes).toHaveLength(1);
  });
});
