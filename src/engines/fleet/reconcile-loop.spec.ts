import { Deferred } from '../../kernel/deferred';
import { ReconcileLoop } from './reconcile-loop';

describe('ReconcileLoop', () => {
  let runs: Deferred<void>[];
  let refreshes: boolean[];
  let loop: ReconcileLoop;

  beforeEach(() => {
    jest.useFakeTimers();
    runs = [];
    refreshes = [];
    loop = new ReconcileLoop();
    loop.start((isRefreshRequested) => {
      const run = new Deferred<void>();
      runs.push(run);
      refreshes.push(isRefreshRequested);
      return run.promise;
    });
  });

  afterEach(async () => {
    runs.at(-1)?.resolve();
    await loop.stop();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  const pass = (ms: number) => jest.advanceTimersByTimeAsync(ms);

  it('runs once for a burst of requests, at the time of the earliest', async () => {
    loop.wake(1000);
    loop.wake(50);
    loop.wake(60);
    await pass(49);
    expect(runs).toHaveLength(0);
    await pass(1);
    expect(runs).toHaveLength(1);
    runs[0]!.resolve();
    await pass(10_000);
    expect(runs).toHaveLength(1);
  });

  it('never runs two at a time, and runs once more for requests during a run', async () => {
    loop.wake();
    await pass(0);
    loop.wake();
    loop.wake(500);
    await pass(1000);
    expect(runs).toHaveLength(1);
    runs[0]!.resolve();
    await pass(0);
    expect(runs).toHaveLength(2);
  });

  it('resolves a refresh with the end of a run that began after it', async () => {
    loop.wake();
    await pass(0);
    let isOver = false;
    void loop.refreshNow().then(() => (isOver = true));
    runs[0]!.resolve();
    await pass(0);
    expect(isOver).toBe(false);
    runs[1]!.resolve();
    await pass(0);
    expect(isOver).toBe(true);
    expect(refreshes).toEqual([false, true]);
  });

  it('keeps what was requested before its start', async () => {
    const early = new ReconcileLoop();
    early.refresh();
    await pass(1000);
    const started: boolean[] = [];
    early.start((isRefreshRequested) => {
      started.push(isRefreshRequested);
      return Promise.resolve();
    });
    await pass(0);
    expect(started).toEqual([true]);
    await early.stop();
  });

  it('stops after the running reconciliation, and resolves the waiting refreshes', async () => {
    loop.wake();
    await pass(0);
    const next = loop.refreshNow();
    let isStopped = false;
    const stopped = loop.stop().then(() => (isStopped = true));
    await pass(0);
    expect(isStopped).toBe(false);
    runs[0]!.resolve();
    await stopped;
    await next;
    loop.wake();
    await loop.refreshNow();
    await pass(1000);
    expect(runs).toHaveLength(1);
  });
});
