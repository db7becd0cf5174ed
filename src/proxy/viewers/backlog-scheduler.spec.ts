import 'reflect-metadata';
import { eventLoopTurns, until } from '../testing/until.spec-support';
import { BacklogScheduler, type BacklogFeed } from './backlog-scheduler';
import { Viewer } from './viewer';

const KIB = 1024;

function viewer(id: string, queuedBytes = 0): Viewer {
  const made = new Viewer({
    id,
    ip: '127.0.0.1',
    userAgent: '',
    path: '/',
    user: null,
    device: '',
  });
  made.queuedBytes = queuedBytes;
  return made;
}

/** Serves each viewer a given number of times, and records the order. */
class ScriptedSource implements BacklogFeed {
  readonly faults: unknown[] = [];

  fault(error: unknown): void {
    this.faults.push(error);
  }

  readonly served: string[] = [];
  readonly offered: number[] = [];
  readonly turnOf: number[] = [];
  turn = 0;

  constructor(
    private readonly servings: ReadonlyMap<string, number>,
    private readonly busyMs = 0,
  ) {}

  serve(served: Viewer, maxBytes: number): boolean {
    const endsAt = performance.now() + this.busyMs;
    while (performance.now() < endsAt);
    this.served.push(served.id);
    this.offered.push(maxBytes);
    this.turnOf.push(this.turn);
    served.queuedBytes += maxBytes;
    const count = this.served.filter((id) => id === served.id).length;
    return count < (this.servings.get(served.id) ?? 1);
  }

  /** Counts turns of the event loop, from between them. */
  countTurns(): () => void {
    const tick = (): void => {
      this.turn++;
      immediate = setImmediate(tick);
    };
    let immediate = setImmediate(tick);
    return () => clearImmediate(immediate);
  }
}

describe('BacklogScheduler', () => {
  let scheduler: BacklogScheduler;

  beforeEach(() => {
    scheduler = new BacklogScheduler();
  });

  afterEach(() => scheduler.onModuleDestroy());

  it('serves in a later turn, never within enqueue', async () => {
    const source = new ScriptedSource(new Map());
    scheduler.enqueue(source, viewer('a'));
    expect(source.served).toEqual([]);
    await eventLoopTurns();
    expect(source.served).toEqual(['a']);
  });

  it('queues a viewer once', async () => {
    const source = new ScriptedSource(new Map());
    const once = viewer('a');
    scheduler.enqueue(source, once);
    scheduler.enqueue(source, once);
    expect(once.queued).toBe(true);
    await eventLoopTurns();
    expect(source.served).toEqual(['a']);
    expect(once.queued).toBe(false);
  });

  it('serves viewers without a byte first', async () => {
    const source = new ScriptedSource(new Map());
    scheduler.enqueue(source, viewer('slow', 1));
    scheduler.enqueue(source, viewer('slower', 1));
    scheduler.enqueue(source, viewer('new'));
    await eventLoopTurns();
    expect(source.served).toEqual(['new', 'slow', 'slower']);
  });

  it('offers 256 KiB, once per viewer and turn, round and round', async () => {
    const source = new ScriptedSource(
      new Map([
        ['a', 3],
        ['b', 3],
        ['c', 3],
      ]),
    );
    const stop = source.countTurns();
    for (const id of ['a', 'b', 'c']) scheduler.enqueue(source, viewer(id));
    await until(() => source.served.length === 9);
    stop();
    expect(source.served).toEqual(['a', 'b', 'c', 'a', 'b', 'c', 'a', 'b', 'c']);
    expect(new Set(source.offered)).toEqual(new Set([256 * KIB]));
    const perTurn = source.served.map((id, i) => `${id} in turn ${source.turnOf[i]}`);
    expect(new Set(perTurn).size).toBe(9);
  });

  it('yields after 10 ms, and continues where it stopped', async () => {
    const source = new ScriptedSource(new Map(), 4);
    const stop = source.countTurns();
    const ids = Array.from({ length: 12 }, (_, i) => `v${i}`);
    for (const id of ids) scheduler.enqueue(source, viewer(id));
    await until(() => source.served.length === 12);
    stop();
    expect(source.served).toEqual(ids);
    const inTurn = new Map<number, number>();
    for (const turn of source.turnOf) inTurn.set(turn, (inTurn.get(turn) ?? 0) + 1);
    expect(Math.max(...inTurn.values())).toBeLessThanOrEqual(3);
    expect(inTurn.size).toBeGreaterThanOrEqual(4);
  });

  it('serves new viewers before those who wait', async () => {
    const source = new ScriptedSource(new Map([['old', 100]]));
    scheduler.enqueue(source, viewer('old', 1));
    await until(() => source.served.length >= 2);
    const before = source.served.length;
    scheduler.enqueue(source, viewer('new'));
    await until(() => source.served.includes('new'));
    expect(source.served.indexOf('new')).toBe(before);
  });

  it('skips viewers who have left', async () => {
    const source = new ScriptedSource(new Map());
    const gone = viewer('gone');
    scheduler.enqueue(source, gone);
    scheduler.enqueue(source, viewer('there'));
    gone.leaveReason = 'hung_up';
    await eventLoopTurns();
    expect(source.served).toEqual(['there']);
    expect(gone.queued).toBe(false);
  });

  it('serves nobody after it was destroyed', async () => {
    const source = new ScriptedSource(new Map());
    scheduler.enqueue(source, viewer('a'));
    scheduler.onModuleDestroy();
    await eventLoopTurns();
    expect(source.served).toEqual([]);
  });
});
