import 'reflect-metadata';
import { AppError } from '../../kernel/errors';
import { StagedEngines } from '../testing/staged-engines.spec-support';
import { SlotHolder, type Watch } from './slot-holder';
import type { SlotLease } from './slot-lease';
import type { SlotRequest } from './slot-request';

const WAIT_MS = 60_000;
const OVERDUE_MS = 30_000;
/** A start that finds every slot playing waits this long for a release. */
const RELEASE_WAIT_MS = 1500;
const ANSWER = { version: '3.2.3', networkConnected: true };

type Over = Partial<SlotRequest> & { readonly watch?: Watch };

describe('EngineScheduler', () => {
  let stage: StagedEngines;

  beforeEach(() => {
    jest.useFakeTimers();
    stage = new StagedEngines();
  });

  afterEach(() => {
    stage.scheduler.onModuleDestroy();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  function acquire(streamId: string, { watch, ...over }: Over = {}): Promise<SlotLease> {
    const holder = stage.scheduler.holder(streamId);
    if (watch !== undefined) holder.setWatch(watch);
    const { signal } = new AbortController();
    return stage.scheduler.acquire({
      holder,
      class: 'start',
      excluded: new Set(),
      signal,
      ...over,
    });
  }

  /** The engine of the lease, or the code of the error. */
  function outcome(streamId: string, over: Over = {}): Promise<string> {
    return acquire(streamId, over).then(
      (lease) => lease.engine.id,
      (error: unknown) => (error instanceof AppError ? error.code : String(error)),
    );
  }

  /** A stream that plays on the engine that was chosen for it. */
  async function playing(streamId: string, over: Over = {}): Promise<SlotLease> {
    const lease = await acquire(streamId, over);
    lease.answered();
    lease.confirm();
    return lease;
  }

  const exclude = (...ids: string[]): Over => ({ excluded: new Set(ids) });
  const tick = (): Promise<void> => jest.advanceTimersByTimeAsync(0);
  const pass = (ms: number): Promise<void> => jest.advanceTimersByTimeAsync(ms + 2);

  async function isPending(result: Promise<unknown>): Promise<boolean> {
    let isOver = false;
    void result.then(() => (isOver = true));
    await tick();
    return !isOver;
  }

  describe('when settings change', () => {
    /** The second of two starts, which waits because the engine has not answered the first. */
    async function secondStart(): Promise<{ readonly result: Promise<string> }> {
      stage.add('a', 'healthy');
      stage.settings.apply({ maxStreamsPerEngine: 10 });
      await acquire('s1');
      const result = outcome('s2');
      expect(await isPending(result)).toBe(true);
      return { result };
    }

    it('follows changes of MAX_STREAMS_PER_ENGINE: a waiting start gets a slot at once', async () => {
      stage.add('a', 'healthy');
      await playing('s1');
      const waiting = outcome('s2');
      expect(await isPending(waiting)).toBe(true);
      stage.settings.apply({ maxStreamsPerEngine: 2 });
      expect(await waiting).toBe('a');
      stage.settings.apply({ maxStreamsPerEngine: 1 });
      expect(await isPending(outcome('s3'))).toBe(true);
    });

    it('follows changes of ENGINE_WAIT_TIMEOUT: a start that has waited long enough fails', async () => {
      stage.add('a', 'healthy', 'starting');
      const waiting = outcome('s1');
      await pass(5000);
      expect(await isPending(waiting)).toBe(true);
      stage.settings.apply({ engineWaitTimeoutMs: 4000 });
      expect(await waiting).toBe('no_engine');
    });

    it('follows changes of PROXY_STARTS_PER_ENGINE', async () => {
      stage.settings.apply({ proxyStartsPerEngine: 2 });
      const { result } = await secondStart();
      stage.settings.apply({ proxyStartsPerEngine: 4 });
      expect(await result).toBe('a');
    });

    it('follows changes of PROXY_STARTS_TOTAL', async () => {
      stage.settings.apply({ proxyStartsTotal: 2 });
      const { result } = await secondStart();
      stage.settings.apply({ proxyStartsTotal: 24 });
      expect(await result).toBe('a');
    });

    it('follows changes of PROXY_INIT_TIMEOUT: an older start gives way after half of it', async () => {
      stage.add('a', 'healthy');
      const older = await acquire('s1');
      await pass(1000);
      const newer = outcome('s2');
      await tick();
      expect(older.isRevoked).toBe(false);
      stage.settings.apply({ proxyInitTimeoutMs: 1000 });
      await tick();
      expect(older.isRevoked).toBe(true);
      older.release();
      expect(await newer).toBe('a');
    });
  });

  describe('when a slot is free', () => {
    it('reserves the slot in the same tick', async () => {
      stage.add('a', 'healthy');
      const pending = acquire('s1');
      expect(stage.registry.get('a')!.streamIds).toEqual(['s1']);
      const lease = await pending;
      expect([lease.engine.id, lease.streamId, lease.state]).toEqual(['a', 's1', 'asking']);
      expect(jest.getTimerCount()).toBe(0);
    });

    it('counts the slots of watched streams', async () => {
      stage.add('a', 'healthy');
      const { holder } = await acquire('s1');
      const watched = (): number => stage.registry.get('a')!.watchedSlots;
      expect(watched()).toBe(1);
      holder.setWatch('unwatched');
      expect(watched()).toBe(0);
    });

    it('does not count the slot of a check as a reason for further engines, or to keep this one', async () => {
      stage.add('a', 'healthy');
      const lease = await acquire('s1', { watch: 'checked' });
      expect(stage.registry.get('a')!.watchedSlots).toBe(0);
      expect([lease.class, lease.isCheckOnly]).toEqual(['probe', true]);
      await pass(10);
      lease.holder.setWatch('watched');
      expect(stage.registry.get('a')!.watchedSlots).toBe(1);
      expect(lease.isCheckOnly).toBe(false);
    });

    it('rejects a request that is already aborted, and reserves nothing', async () => {
      stage.add('a', 'healthy');
      const signal = AbortSignal.abort(new Error('left'));
      await expect(acquire('s1', { signal })).rejects.toThrow('left');
      expect(stage.inUse()).toBe(0);
    });
  });

  describe('while no engine is usable yet', () => {
    it('waits for the first engine that becomes usable, even if none was announced yet', async () => {
      const first = acquire('s1');
      stage.add('a');
      stage.add('b', 'healthy');
      expect((await first).engine.id).toBe('b');
    });

    it('serves requests in order of arrival, one slot each', async () => {
      stage.add('a', 'unhealthy');
      stage.add('b', 'unhealthy');
      const engines = ['s1', 's2'].map((id) => outcome(id));
      stage.move('b', 'healthy');
      stage.move('a', 'healthy');
      expect(await Promise.all(engines)).toEqual(['b', 'a']);
    });

    it('skips a request that excludes the engine', async () => {
      stage.add('a', 'unhealthy');
      stage.add('b', 'unhealthy');
      const picky = outcome('s1', exclude('a'));
      const second = outcome('s2');
      stage.move('a', 'healthy');
      expect(await second).toBe('a');
      stage.move('b', 'healthy');
      expect(await picky).toBe('b');
    });

    it('fails after ENGINE_WAIT_TIMEOUT with the states of the engines', async () => {
      stage.add('a', 'unhealthy');
      const failed = acquire('s1').catch((error: unknown) => error);
      await jest.advanceTimersByTimeAsync(WAIT_MS - 1);
      expect(await isPending(failed)).toBe(true);
      await pass(1);
      expect(await failed).toMatchObject({
        code: 'no_engine',
        detail: 'No engine became usable within 60 s (a unhealthy).',
      });
    });

    it('fails a request that may not wait', async () => {
      stage.add('a');
      expect(await outcome('s1', { waitFor: 'nothing' })).toBe('no_engine');
      expect(await outcome('s2', { class: 'move' })).toBe('no_engine');
    });

    it('removes the request of a caller that aborts', async () => {
      stage.add('a', 'unhealthy');
      const caller = new AbortController();
      const result = outcome('s1', { signal: caller.signal });
      caller.abort(new Error('left'));
      expect(await result).toBe('Error: left');
      expect([jest.getTimerCount(), stage.queue.size]).toEqual([0, 0]);
      stage.move('a', 'healthy');
      expect(stage.inUse()).toBe(0);
    });

    it('releases the slot of a caller that aborts in the tick in which it is served', async () => {
      stage.add('a', 'unhealthy');
      const caller = new AbortController();
      const result = outcome('s1', { signal: caller.signal });
      stage.move('a', 'healthy');
      caller.abort(new Error('left'));
      expect(await result).toBe('Error: left');
      expect(stage.inUse()).toBe(0);
    });

    it('fails at once while every engine is being drained', async () => {
      stage.add('a', 'unhealthy');
      const waiting = outcome('s1');
      stage.drain('a', 'maintenance');
      expect(await waiting).toBe('no_engine');
      expect(await outcome('s2')).toBe('no_engine');
    });

    it('fails all queued requests when the process ends, and accepts no further ones', async () => {
      const waiting = outcome('s1');
      stage.scheduler.onModuleDestroy();
      expect(await waiting).toBe('shutting_down');
      expect(await outcome('s2')).toBe('shutting_down');
    });
  });

  describe('while no engine was ever reached at its address', () => {
    const miss = (id: string, reason: string): void => stage.registry.get(id)!.recordMiss(reason);

    beforeEach(() => {
      for (const id of ['a', 'b']) {
        stage.add(id, 'unhealthy');
        miss(id, 'connect_refused');
      }
    });

    it('fails after 10 s with the reason', async () => {
      const failed = acquire('s1').catch((error: unknown) => error);
      await jest.advanceTimersByTimeAsync(9_999);
      expect(await isPending(failed)).toBe(true);
      await pass(1);
      expect(await failed).toMatchObject({
        code: 'no_engine',
        detail: 'None of 2 engines has ever answered: connect_refused (2).',
        retryAfterS: 5,
      });
    });

    it.each([
      ['answers', () => stage.registry.get('b')!.recordAnswer(ANSWER)],
      ['hangs', () => miss('b', 'answer_timeout')],
    ])('continues to wait if one of the engines %s', async (_, happen) => {
      happen();
      const result = outcome('s1');
      await jest.advanceTimersByTimeAsync(WAIT_MS - 1);
      expect(await isPending(result)).toBe(true);
      await pass(1);
      expect(await result).toBe('no_engine');
    });

    it('fails later, when the last engine turns out to be unreachable too', async () => {
      miss('b', 'answer_timeout');
      const failed = acquire('s1').catch((error: unknown) => error);
      await pass(15_000);
      expect(await isPending(failed)).toBe(true);
      miss('b', 'host_unknown');
      await pass(2000);
      expect(await failed).toMatchObject({
        detail: 'None of 2 engines has ever answered: connect_refused (1), host_unknown (1).',
      });
    });

    it('continues to wait while the fleet may grow', async () => {
      stage.supply.canGrow = true;
      const result = outcome('s1');
      await jest.advanceTimersByTimeAsync(WAIT_MS - 1);
      stage.move('b', 'healthy');
      expect(await result).toBe('b');
    });
  });

  describe('when engines are excluded', () => {
    it('fails at once if all engines are excluded', async () => {
      stage.add('a', 'healthy');
      stage.add('b', 'unhealthy');
      expect(await outcome('s1', exclude('a', 'b'))).toBe('engine_failed');
      expect(await outcome('s2', { only: 'c' })).toBe('engine_failed');
    });

    it('waits for an excluded engine that restarts, because its new process has not failed', async () => {
      stage.add('a', 'healthy');
      stage.add('b', 'healthy');
      stage.registry.lose('b', 'process exited with code 1');
      const result = outcome('s1', exclude('a', 'b'));
      stage.move('b', 'healthy');
      expect(await result).toBe('b');
    });
  });

  describe('while no engine can be created', () => {
    const BLOCK = { code: 'breaker_open', message: 'five starts failed', retryInMs: 42_000 };

    it.each([
      [42_000, 42],
      [900_000, 300],
      [100, 5],
      [null, 5],
    ])('fails at once with the reason and a retry time (%p ms)', async (ms, s) => {
      stage.supply.blocked = { ...BLOCK, retryInMs: ms };
      const refused = await acquire('s1').catch((error: unknown) => error);
      expect(refused).toMatchObject({
        code: 'no_engine',
        detail: 'There is no engine: five starts failed',
        retryAfterS: s,
      });
    });

    it('fails all queued requests as soon as creation is blocked', async () => {
      const waiting = outcome('s1');
      await tick();
      stage.supply.blocked = BLOCK;
      stage.supplyChanged();
      expect(await waiting).toBe('no_engine');
    });

    it('waits while an existing engine may recover', async () => {
      stage.supply.blocked = BLOCK;
      stage.add('a', 'unhealthy');
      const waiting = outcome('s1');
      stage.supplyChanged();
      stage.move('a', 'healthy');
      expect(await waiting).toBe('a');
    });

    it('does not wait for engines that are being drained', async () => {
      stage.add('a', 'healthy');
      stage.drain('a', 'maintenance');
      stage.supply.blocked = BLOCK;
      await expect(acquire('s1')).rejects.toThrow('five starts failed');
    });
  });

  describe('while every slot has media', () => {
    let held: SlotLease;

    beforeEach(async () => {
      stage.add('a', 'healthy');
      held = await playing('s0');
    });

    it('waits 1.5 s for a release, and then fails', async () => {
      const result = outcome('s1');
      await jest.advanceTimersByTimeAsync(RELEASE_WAIT_MS - 1);
      expect(await isPending(result)).toBe(true);
      await pass(1);
      expect(await result).toBe('no_capacity');
    });

    it('grants the slot that is released within that time', async () => {
      const result = outcome('s1');
      await pass(RELEASE_WAIT_MS / 2);
      held.release();
      expect(await result).toBe('a');
    });

    it('fails a request at once if it may not wait for a slot', async () => {
      expect(await outcome('s1', { waitFor: 'nothing' })).toBe('no_capacity');
      expect(await outcome('s2', { class: 'move' })).toBe('no_capacity');
      expect(await outcome('s3', { class: 'probe' })).toBe('no_capacity');
      expect(await outcome('s4', { watch: 'checked' })).toBe('no_capacity');
    });

    it('lets a failover wait until ENGINE_WAIT_TIMEOUT', async () => {
      const result = outcome('s1', { class: 'failover' });
      await pass(WAIT_MS / 2);
      held.release();
      expect(await result).toBe('a');
    });

    it('waits for an engine that starts, and fails when that engine fails', async () => {
      stage.add('b');
      const result = outcome('s1');
      await pass(RELEASE_WAIT_MS);
      expect(await isPending(result)).toBe(true);
      stage.move('b', 'unhealthy');
      expect(await result).toBe('no_capacity');
    });

    it('waits for a slot or an engine while the fleet may grow, then fails with no_capacity', async () => {
      stage.supply.canGrow = true;
      const [first, second] = [outcome('s1'), outcome('s2')];
      await tick();
      expect(stage.queue.wantingEngine).toBe(2);
      held.release();
      expect(await first).toBe('a');
      await pass(WAIT_MS);
      expect(await second).toBe('no_capacity');
    });

    it('waits for a slot that is being released, and requests no further engine', async () => {
      stage.supply.canGrow = true;
      held.beginRelease();
      const [first, second] = [outcome('s1'), outcome('s2')];
      await pass(RELEASE_WAIT_MS);
      expect(stage.queue.wantingEngine).toBe(1);
      held.release();
      expect(await first).toBe('a');
      stage.supply.canGrow = false;
      stage.supplyChanged();
      // The stream with that slot has no media yet.
      expect(await isPending(second)).toBe(true);
      stage.scheduler.listLeases()[0]!.confirm();
      expect(await second).toBe('no_capacity');
    });

    it('preempts a stream as soon as it has no viewers', async () => {
      const result = outcome('s1');
      await tick();
      expect(held.isRevoked).toBe(false);
      held.holder.setWatch('unwatched');
      await tick();
      expect([held.isPreempted, held.revocationReason?.message]).toEqual([
        true,
        'The slot of this stream was needed by another start.',
      ]);
      held.release();
      expect(await result).toBe('a');
    });

    it('preempts one stream for each request, and none for an unwatched request', async () => {
      stage.add('b', 'healthy');
      const other = await playing('s00');
      const watched = stage.scheduler.holder('s1');
      const unwatched = outcome('s2', { watch: 'unwatched' });
      held.holder.setWatch('unwatched');
      await pass(10);
      other.holder.setWatch('unwatched');
      await tick();
      expect([held.isRevoked, other.isRevoked]).toEqual([false, false]);
      const { signal } = new AbortController();
      const result = stage.scheduler.acquire({
        ...{ holder: watched, class: 'start', excluded: new Set<string>(), signal },
      });
      await tick();
      expect([held.isRevoked, other.isRevoked]).toEqual([true, false]);
      held.release();
      expect((await result).engine.id).toBe('a');
      await pass(RELEASE_WAIT_MS);
      // Its own slot was not preempted, and no other was released.
      expect(await isPending(unwatched)).toBe(true);
      (await result).confirm();
      expect(await unwatched).toBe('no_capacity');
    });

    it('does not preempt a stream on an engine that the request excludes', async () => {
      held.holder.setWatch('unwatched');
      stage.add('b', 'healthy');
      await playing('s00');
      expect(await outcome('s1', { ...exclude('a'), waitFor: 'nothing' })).toBe('no_capacity');
      expect(held.isRevoked).toBe(false);
    });
  });

  describe('while streams without media hold the slots', () => {
    beforeEach(() => stage.add('a', 'healthy'));

    it('lets a start wait until the oldest one has used half of its budget', async () => {
      const dead = await acquire('dead');
      dead.answered();
      const result = outcome('s1');
      await pass(OVERDUE_MS - 100);
      expect(dead.isRevoked).toBe(false);
      await pass(100);
      expect(dead.isPreempted).toBe(true);
      dead.release();
      expect(await result).toBe('a');
    });

    it('preempts a start at once for a failover', async () => {
      const dead = await acquire('dead');
      const result = outcome('s1', { class: 'failover' });
      await tick();
      expect(dead.revocationReason?.message).toMatch(/needed by a running stream/);
      dead.release();
      expect(await result).toBe('a');
    });

    it('serves a failover before starts that arrived earlier', async () => {
      const dead = await acquire('dead');
      const first = outcome('s1');
      const failover = outcome('s2', { class: 'failover' });
      await tick();
      dead.release();
      expect(await failover).toBe('a');
      expect(await isPending(first)).toBe(true);
    });

    it('fails a start once all of them have media', async () => {
      const slow = await acquire('slow');
      const result = outcome('s1');
      await pass(10_000);
      slow.answered();
      slow.confirm();
      expect(await result).toBe('no_capacity');
    });

    it('serves a new start within half a budget, however many starts are queued before it', async () => {
      stage.add('b', 'healthy');
      const dead = Array.from({ length: 100 }, (_, n) => acquire(`dead-${n}`));
      const leave = (lease: SlotLease): void =>
        lease.revoked.addEventListener('abort', () => lease.release());
      for (const start of dead) start.then(leave, () => undefined);
      await pass(1000);
      const result = outcome('new');
      await pass(OVERDUE_MS);
      expect(await isPending(result)).toBe(false);
      expect(await result).toBe('b');
      stage.scheduler.onModuleDestroy();
      await Promise.allSettled(dead);
    });
  });

  describe('while engines are being asked', () => {
    beforeEach(() => {
      stage.scheduler.onModuleDestroy();
      stage = StagedEngines.withEngines(1, 20);
    });

    it('asks for three streams at once, and for one more after each answer', async () => {
      const starts = await Promise.all(['s1', 's2', 's3'].map((id) => acquire(id)));
      const next = acquire('s4');
      expect(await isPending(next)).toBe(true);
      // The wait is for an answer, so no further engine is needed.
      expect(stage.queue.wantingEngine).toBe(0);
      starts[1]!.answered();
      expect((await next).engine.id).toBe('e1');
    });

    it('reserves one more start for a failover', async () => {
      await Promise.all(['s1', 's2', 's3'].map((id) => acquire(id)));
      expect(await outcome('running', { class: 'failover' })).toBe('e1');
      expect(await isPending(outcome('another', { class: 'failover' }))).toBe(true);
    });

    it('prefers an engine that is not busy', async () => {
      await Promise.all(['s1', 's2', 's3'].map((id) => acquire(id)));
      stage.add('e2', 'healthy');
      expect(await outcome('s4')).toBe('e2');
    });

    it('counts an abandoned start until the engine is done with it', async () => {
      const starts = await Promise.all(['s1', 's2', 's3'].map((id) => acquire(id)));
      let finish = (): void => undefined;
      const cut = jest.fn();
      starts[0]!.occupyUntil({ done: new Promise<void>((resolve) => (finish = resolve)), cut });
      starts[0]!.release();
      await tick();
      expect([stage.inUse(), cut.mock.calls.length]).toEqual([2, 0]);
      // The connection of a hanging start is closed when another start needs the engine.
      const next = acquire('s4');
      expect(await isPending(next)).toBe(true);
      expect(cut).not.toHaveBeenCalled();
      await pass(5000);
      expect(cut).toHaveBeenCalled();
      expect(await isPending(next)).toBe(true);
      finish();
      expect((await next).engine.id).toBe('e1');
    });

    it('gives an abandoned second start as long as the first to end', async () => {
      const starts = await Promise.all(['s1', 's2', 's3'].map((id) => acquire(id)));
      starts[0]!.confirm();
      await pass(60_000);
      await starts[0]!.askAgain(false, new AbortController().signal);
      const cut = jest.fn();
      starts[0]!.occupyUntil({ done: new Promise<void>(() => undefined), cut });
      starts[0]!.release();
      const next = outcome('s4');
      expect(await isPending(next)).toBe(true);
      await pass(4000);
      expect(cut).not.toHaveBeenCalled();
      await pass(1000);
      expect(cut).toHaveBeenCalled();
    });

    it('preempts a start without waiting viewers', async () => {
      const starts = await Promise.all(['s1', 's2', 's3'].map((id) => acquire(id)));
      starts[2]!.holder.setWatch('unwatched');
      const next = acquire('s4');
      await tick();
      expect(starts.map(({ isRevoked }) => isRevoked)).toEqual([false, false, true]);
      starts[2]!.release();
      expect((await next).engine.id).toBe('e1');
    });

    it('lets a stream that asks its engine again wait too, while it keeps its slot', async () => {
      const again = await acquire('s0');
      again.answered();
      const starts = await Promise.all(['s1', 's2', 's3'].map((id) => acquire(id)));
      const { signal } = new AbortController();
      const asked = again.askAgain(false, signal);
      expect([await isPending(asked), again.state, stage.inUse()]).toEqual([true, 'reserved', 4]);
      starts[0]!.answered();
      await asked;
      expect(again.state).toBe('asking');
    });

    it('lets a running stream ask its engine again at once', async () => {
      const running = await playing('s0');
      await Promise.all(['s1', 's2', 's3'].map((id) => acquire(id)));
      await running.askAgain(true, new AbortController().signal);
      expect([running.state, running.class]).toEqual(['asking', 'failover']);
    });

    it('does not let a stream ask its engine again after its slot was revoked', async () => {
      const gone = await acquire('s0');
      stage.withdraw('e1', 'replaced');
      await expect(gone.askAgain(false, new AbortController().signal)).rejects.toThrow('replaced');
    });

    it('fails a start that other starts keep waiting, and a move sooner', async () => {
      await Promise.all(['s1', 's2', 's3'].map((id) => acquire(id)));
      const [start, move] = [outcome('s4'), outcome('s5', { class: 'move' })];
      await pass(10_000);
      expect(await move).toBe('no_capacity');
      expect(await isPending(start)).toBe(true);
      await pass(50_000);
      expect(await start).toBe('no_capacity');
    });
  });

  it('explains its choice without reserving a slot', () => {
    stage.add('a', 'healthy');
    stage.add('b', 'healthy');
    stage.drain('a', 'maintenance');
    const { chosen, assessments } = stage.scheduler.explain();
    expect(chosen).toBe('b');
    expect(assessments.map(({ candidate, filters }) => [candidate.id, filters])).toEqual([
      ['b', []],
      ['a', ['draining']],
    ]);
    expect(stage.inUse()).toBe(0);
  });

  it('notifies the fleet when a further engine would serve more or fewer requests', async () => {
    const told: number[] = [];
    stage.queue.subscribe(() => told.push(stage.queue.wantingEngine));
    const caller = new AbortController();
    const results = [outcome('s1', { signal: caller.signal }), outcome('s2')];
    caller.abort(new Error('left'));
    stage.add('a', 'healthy');
    expect(await Promise.all(results)).toEqual(['Error: left', 'a']);
    expect(told).toEqual([1, 2, 1, 0]);
  });
});

describe('SlotHolder', () => {
  it('counts the idle time from the pause when the last paused viewer leaves', () => {
    let changes = 0;
    const holder = new SlotHolder('s', () => (changes += 1));
    holder.setWatch('watched');
    expect(changes).toBe(0);
    holder.setWatch('paused');
    const { watchSinceMs } = holder;
    holder.setWatch('unwatched');
    expect([holder.watchSinceMs, holder.isWatched, changes]).toEqual([watchSinceMs, false, 2]);
  });
});
