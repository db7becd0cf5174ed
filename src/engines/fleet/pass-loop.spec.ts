import { Settleable } from '../../kernel/settleable';
import { PassLoop } from './pass-loop';

describe('PassLoop', () => {
  let passes: Settleable<void>[];
  let loop: PassLoop;

  beforeEach(() => {
    jest.useFakeTimers();
    passes = [];
    loop = new PassLoop(() => {
      const pass = new Settleable<void>();
      passes.push(pass);
      return pass.promise;
    });
  });

  afterEach(async () => {
    passes.at(-1)?.resolve();
    await loop.stop();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

  it('runs once for a burst of wishes, at the time of the earliest', async () => {
    loop.wake(1000);
    loop.wake(50);
    loop.wake(60);
    await pass(49);
    expect(passes).toHaveLength(0);
    await pass(1);
    expect(passes).toHaveLength(1);
    passes[0]!.resolve();
    await pass(10_000);
    expect(passes).toHaveLength(1);
  });

  it('never runs two at a time, and forgets no wish that comes during one', async () => {
    loop.wake();
    await pass(0);
    loop.wake();
    loop.wake(500);
    await pass(1000);
    expect(passes).toHaveLength(1);
    passes[0]!.resolve();
    await pass(0);
    expect(passes).toHaveLength(2);
  });

  it('tells when a pass is over that began after the question', async () => {
    loop.wake();
    await pass(0);
    let isOver = false;
    void loop.next().then(() => (isOver = true));
    passes[0]!.resolve();
    await pass(0);
    expect(isOver).toBe(false);
    passes[1]!.resolve();
    await pass(0);
    expect(isOver).toBe(true);
  });

  it('stops after the pass that is under way, and lets go of who waits', async () => {
    loop.wake();
    await pass(0);
    const next = loop.next();
    let isStopped = false;
    const stopped = loop.stop().then(() => (isStopped = true));
    await pass(0);
    expect(isStopped).toBe(false);
    passes[0]!.resolve();
    await stopped;
    await next;
    loop.wake();
    await loop.next();
    await pass(1000);
    expect(passes).toHaveLength(1);
  });
});
