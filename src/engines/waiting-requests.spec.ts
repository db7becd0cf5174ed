import { CapacityWaiter, type ReclaimStage } from './capacity-waiter';
import type { EngineLease } from './engine.types';
import { WaitingRequests } from './waiting-requests';

describe('WaitingRequests', () => {
  let waiters: WaitingRequests;
  let counts: number[];
  let open: CapacityWaiter[];

  beforeEach(() => {
    waiters = new WaitingRequests();
    counts = [];
    open = [];
    waiters.subscribe(() => counts.push(waiters.wantingEngine));
  });
  afterEach(() => {
    for (const waiter of open) waiter.fail(new Error('over'));
  });

  function wait(streamId: string, mayWait = true): CapacityWaiter {
    const excluded = new Set<string>();
    const waiter = new CapacityWaiter({
      request: { streamId, excluded, signal: new AbortController().signal, mayWait },
      excluded,
      patienceMs: 10_000,
      onImpatient: () => undefined,
      timeoutMs: 60_000,
      onTimeout: () => undefined,
      onSettled: (settled) => waiters.remove(settled),
    });
    waiter.outcome.catch(() => undefined);
    open.push(waiter);
    waiters.add(waiter);
    return waiter;
  }

  it('tells how many wait, until they are served', () => {
    const [first] = [wait('s1'), wait('s2')];
    expect([counts, waiters.size]).toEqual([[1, 2], 2]);
    first.succeed({ release: () => undefined } as EngineLease);
    expect([counts.at(-1), waiters.size]).toEqual([1, 1]);
  });

  it('keeps their order, also while they are served one after the other', () => {
    const all = ['s1', 's2', 's3'].map((id) => wait(id));
    const served: string[] = [];
    for (const waiter of waiters) {
      served.push(waiter.streamId);
      waiter.fail(new Error('served'));
    }
    expect(served).toEqual(all.map(({ streamId }) => streamId));
    expect(waiters.size).toBe(0);
  });

  it('counts who came before, and wants no engine for who will have a slot of those there are', () => {
    const [first, second] = [wait('s1'), wait('s2')];
    expect([first, second].map((waiter) => waiters.countBefore(waiter))).toEqual([0, 1]);
    first.expectsSlot = true;
    waiters.changed();
    expect(counts.at(-1)).toBe(1);
  });

  it.each<[ReclaimStage, boolean, number]>([
    ['not_asked', true, 1],
    ['asking', true, 0],
    ['exhausted', true, 1],
    ['exhausted', false, 0],
  ])('with %s and patience %p wants %d engines', (stage, mayWait, count) => {
    wait('s1', mayWait).reclaim = stage;
    waiters.changed();
    expect(counts.at(-1)).toBe(count);
  });

  it('tells nobody who has left', () => {
    let told = 0;
    waiters.subscribe(() => (told += 1))();
    wait('s1');
    expect(told).toBe(0);
  });
});
