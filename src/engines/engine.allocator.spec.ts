import 'reflect-metadata';
import { AllocatorStage, codeOf, tick, WAIT_MS } from './allocator-stage.spec-support';
import type { EngineLease } from './engine.types';

const ANSWER = { version: '3.2.3', networkConnected: true };

describe('EngineAllocator', () => {
  let stage: AllocatorStage;

  beforeEach(() => {
    stage = new AllocatorStage();
  });

  afterEach(() => stage.close());

  describe('when a slot is free', () => {
    it('reserves it in the same tick', async () => {
      stage.add('a', 'healthy');
      const pending = stage.acquire('s1');
      expect(stage.registry.get('a')!.streamIds).toEqual(['s1']);
      const lease = await pending;
      expect([lease.engine.id, lease.streamId]).toEqual(['a', 's1']);
      expect(jest.getTimerCount()).toBe(0);
    });

    it('knows of each slot whether its stream is wanted now, whether it was waited for or not', async () => {
      const wanted = { s1: true, s2: false };
      stage.add('a', 'healthy');
      stage.add('b');
      const leases = [
        await stage.acquire('s1', [], { isWanted: () => wanted.s1 }),
        stage.acquire('s2', [], { isWanted: () => wanted.s2 }),
      ];
      stage.move('b', 'healthy');
      await leases[1];
      const wantedSlots = () => ['a', 'b'].map((id) => stage.registry.get(id)!.wantedSlots);
      expect(wantedSlots()).toEqual([1, 0]);
      Object.assign(wanted, { s1: false, s2: true });
      expect(wantedSlots()).toEqual([0, 1]);
    });

    it('refuses a caller that has gone already, and reserves nothing', async () => {
      stage.add('a', 'healthy');
      const signal = AbortSignal.abort(new Error('left'));
      await expect(stage.acquire('s1', [], { signal })).rejects.toThrow('left');
      expect(stage.registry.get('a')!.leases.size).toBe(0);
    });
  });

  describe('when no engine works yet', () => {
    it('waits for the first that becomes usable, also for the very first announcement', async () => {
      const first = stage.acquire('s1');
      stage.add('a');
      stage.add('b', 'healthy');
      expect((await first).engine.id).toBe('b');
    });

    it('serves in the order of coming, one slot each; who finds none free is refused at once', async () => {
      stage.add('a', 'unhealthy');
      stage.add('b', 'unhealthy');
      const codes = ['s1', 's2', 's3'].map((id) => codeOf(stage.acquire(id)));
      stage.move('b', 'healthy');
      stage.move('a', 'healthy');
      expect(stage.registry.get('b')!.streamIds).toEqual(['s1']);
      expect(stage.registry.get('a')!.streamIds).toEqual(['s2']);
      expect(await Promise.all(codes)).toEqual(['lease of b', 'lease of a', 'no_capacity']);
    });

    it('passes over who does not want the engine', async () => {
      stage.add('a', 'unhealthy');
      stage.add('b', 'unhealthy');
      const picky = codeOf(stage.acquire('s1', ['a']));
      const second = codeOf(stage.acquire('s2'));
      stage.move('a', 'healthy');
      expect(await second).toBe('lease of a');
      stage.move('b', 'healthy');
      expect(await picky).toBe('lease of b');
    });

    it('gives up after the wait time and says how the engines are', async () => {
      stage.add('a', 'unhealthy');
      const failed = stage.acquire('s1').catch((error: unknown) => error);
      await jest.advanceTimersByTimeAsync(WAIT_MS - 1);
      expect(jest.getTimerCount()).toBe(1);
      await jest.advanceTimersByTimeAsync(1);
      expect(await failed).toMatchObject({
        code: 'no_engine',
        detail: 'No engine became usable within 60 s (a unhealthy).',
      });
    });

    describe('and nothing was ever reached at their addresses', () => {
      const miss = (id: string, reason: string): void => stage.registry.get(id)!.recordMiss(reason);

      beforeEach(() => {
        for (const id of ['a', 'b']) {
          stage.add(id);
          miss(id, 'connect_refused');
        }
      });

      it('gives up after 10 s, whenever the wait began, and says why', async () => {
        for (const state of ['starting', 'unhealthy'] as const) {
          for (const id of ['a', 'b']) stage.move(id, state);
          const failed = stage.acquire('s1').catch((error: unknown) => error);
          let isOver = false;
          void failed.then(() => (isOver = true));
          await jest.advanceTimersByTimeAsync(9_999);
          expect(isOver).toBe(false);
          await jest.advanceTimersByTimeAsync(1);
          expect(await failed).toMatchObject({
            code: 'no_engine',
            detail: 'None of 2 engines has ever answered: connect_refused (2).',
            retryAfterS: 5,
          });
        }
      });

      it.each([
        ['answers', () => stage.registry.get('b')!.recordAnswer(ANSWER)],
        ['hangs', () => miss('b', 'answer_timeout')],
      ])('waits on when one of them %s', async (_, happen) => {
        happen();
        const code = codeOf(stage.acquire('s1'));
        await jest.advanceTimersByTimeAsync(WAIT_MS - 1);
        expect(jest.getTimerCount()).toBe(1);
        await jest.advanceTimersByTimeAsync(1);
        expect(await code).toBe('no_engine');
      });

      it('gives up later, when the last of them turns out to be misspelt too', async () => {
        miss('b', 'answer_timeout');
        const failed = stage.acquire('s1').catch((error: unknown) => error);
        await jest.advanceTimersByTimeAsync(15_000);
        expect(jest.getTimerCount()).toBe(1);
        miss('b', 'host_unknown');
        await jest.advanceTimersByTimeAsync(2000);
        expect(await failed).toMatchObject({
          detail: 'None of 2 engines has ever answered: connect_refused (1), host_unknown (1).',
        });
      });

      it('serves who waits when one comes up in time', async () => {
        const code = codeOf(stage.acquire('s1'));
        await jest.advanceTimersByTimeAsync(9000);
        stage.move('b', 'healthy');
        expect(await code).toBe('lease of b');
      });

      it('waits on while the fleet may grow', async () => {
        stage.supply.canGrow = true;
        const code = codeOf(stage.acquire('s1'));
        await jest.advanceTimersByTimeAsync(WAIT_MS - 1);
        expect(jest.getTimerCount()).toBe(1);
        stage.move('b', 'healthy');
        expect(await code).toBe('lease of b');
      });
    });

    it('is left by a caller that goes, without a trace', async () => {
      stage.add('a', 'unhealthy');
      const caller = new AbortController();
      const code = codeOf(stage.acquire('s1', [], { signal: caller.signal }));
      caller.abort(new Error('left'));
      expect(await code).toBe('Error: left');
      expect(jest.getTimerCount()).toBe(0);
      stage.move('a', 'healthy');
      expect(stage.registry.get('a')!.leases.size).toBe(0);
    });

    it('takes the slot back from a caller that goes in the tick in which it is served', async () => {
      stage.add('a', 'unhealthy');
      const caller = new AbortController();
      const code = codeOf(stage.acquire('s1', [], { signal: caller.signal }));
      stage.move('a', 'healthy');
      caller.abort(new Error('left'));
      expect(await code).toBe('Error: left');
      expect(stage.registry.get('a')!.leases.size).toBe(0);
    });

    it('fails at once when every engine is being drained', async () => {
      stage.add('a', 'unhealthy');
      const code = codeOf(stage.acquire('s1'));
      stage.registry.drain(stage.registry.get('a')!, 'maintenance');
      expect(await code).toBe('no_engine');
      expect(await codeOf(stage.acquire('s2'))).toBe('no_engine');
    });

    it('fails who waits when the process ends, and takes nobody new', async () => {
      const code = codeOf(stage.acquire('s1'));
      stage.allocator.onModuleDestroy();
      expect(await code).toBe('shutting_down');
      expect(await codeOf(stage.acquire('s2'))).toBe('shutting_down');
    });
  });

  describe('when engines are excluded', () => {
    it('fails at once when all are', async () => {
      stage.add('a', 'healthy');
      stage.add('b', 'unhealthy');
      expect(await codeOf(stage.acquire('s1', ['a', 'b']))).toBe('engine_failed');
    });

    it('waits for one that is being restarted: its new process has not failed', async () => {
      stage.add('a', 'healthy');
      stage.add('b', 'healthy');
      stage.registry.lose('b', 'process exited with code 1');
      const code = codeOf(stage.acquire('s1', ['a', 'b']));
      stage.move('b', 'healthy');
      expect(await code).toBe('lease of b');
    });
  });

  describe('when the working engines are full', () => {
    let held: EngineLease;

    beforeEach(async () => {
      stage.add('a', 'healthy');
      held = await stage.acquire('s0');
    });

    it('refuses at once', async () => {
      expect(await codeOf(stage.acquire('s1'))).toBe('no_capacity');
    });

    it('refuses at once beside an unhealthy engine', async () => {
      stage.add('b', 'unhealthy');
      expect(await codeOf(stage.acquire('s1'))).toBe('no_capacity');
    });

    it('gets the slot of a session that nobody needs any more', async () => {
      stage.allocator.onCapacityNeeded(() => {
        held.release();
        return Promise.resolve(true);
      });
      expect((await stage.acquire('s1')).engine.id).toBe('a');
      expect(stage.registry.get('a')!.streamIds).toEqual(['s1']);
    });

    it('asks the next when one has nothing to give or fails, and nobody who went away', async () => {
      const asked: string[] = [];
      stage.allocator.onCapacityNeeded(() => {
        asked.push('empty');
        return Promise.resolve(false);
      });
      stage.allocator.onCapacityNeeded(() => {
        asked.push('broken');
        return Promise.reject(new Error('boom'));
      });
      stage.allocator.onCapacityNeeded(() => Promise.reject(new Error('never asked')))();
      expect(await codeOf(stage.acquire('s1'))).toBe('no_capacity');
      expect(asked).toEqual(['empty', 'broken']);
    });

    it('asks again when the slot went to who waited longer', async () => {
      stage.add('b', 'healthy');
      const alsoHeld = await stage.acquire('s00');
      const idle = [held, alsoHeld];
      const give = async (): Promise<boolean> => {
        await Promise.resolve();
        const lease = idle.shift();
        lease?.release();
        return lease !== undefined;
      };
      stage.allocator.onCapacityNeeded(give);
      const codes = await Promise.all(['s1', 's2', 's3'].map((id) => codeOf(stage.acquire(id))));
      expect(codes).toEqual(['lease of a', 'lease of b', 'no_capacity']);
    });

    it('does not wait for a reclaimer that never answers', async () => {
      stage.allocator.onCapacityNeeded(() => new Promise(() => undefined));
      const code = codeOf(stage.acquire('s1'));
      await jest.advanceTimersByTimeAsync(5000);
      expect(await code).toBe('no_capacity');
    });

    it('is content with a slot that somebody gives back meanwhile', async () => {
      stage.allocator.onCapacityNeeded(() => new Promise(() => undefined));
      const code = codeOf(stage.acquire('s1'));
      held.release();
      expect(await code).toBe('lease of a');
      await jest.advanceTimersByTimeAsync(5000);
    });

    it('waits for an engine that starts, and refuses when that fails', async () => {
      stage.add('b');
      const code = codeOf(stage.acquire('s1'));
      await tick();
      expect(jest.getTimerCount()).toBe(1);
      stage.move('b', 'unhealthy');
      expect(await code).toBe('no_capacity');
    });

    it('waits for a slot or an engine while the fleet may grow, then says that it is full', async () => {
      stage.supply.canGrow = true;
      const first = codeOf(stage.acquire('s1'));
      const second = codeOf(stage.acquire('s2'));
      await tick();
      held.release();
      expect(await first).toBe('lease of a');
      await jest.advanceTimersByTimeAsync(WAIT_MS);
      expect(await second).toBe('no_capacity');
    });
  });

  describe('when no engine can be made', () => {
    const BLOCK = { code: 'breaker_open', message: 'five starts failed', retryInMs: 42_000 };

    it.each([
      [42_000, 42],
      [900_000, 300],
      [100, 5],
      [null, 5],
    ])('refuses at once with the reason, and says when to come again (%p ms)', async (ms, s) => {
      stage.supply.blocked = { ...BLOCK, retryInMs: ms };
      const refused = await stage.acquire('s1').catch((error: unknown) => error);
      expect(refused).toMatchObject({
        code: 'no_engine',
        detail: 'There is no engine: five starts failed',
        retryAfterS: s,
      });
    });

    it('refuses who waits already as soon as it is so', async () => {
      const code = codeOf(stage.acquire('s1'));
      await tick();
      stage.supply.blocked = BLOCK;
      stage.supplyChanged();
      expect(await code).toBe('no_engine');
    });

    it('waits while one is on its way, or one that is there may recover', async () => {
      stage.supply.blocked = BLOCK;
      stage.add('a', 'unhealthy');
      const code = codeOf(stage.acquire('s1'));
      stage.supplyChanged();
      stage.move('a', 'healthy');
      expect(await code).toBe('lease of a');
      stage.registry.remove('a', 'test');
      stage.supply.canGrow = true;
      const next = codeOf(stage.acquire('s2'));
      stage.supplyChanged();
      stage.add('b', 'healthy');
      expect(await next).toBe('lease of b');
    });

    it('does not wait for engines that are being drained', async () => {
      stage.add('a', 'healthy');
      stage.registry.drain(stage.registry.get('a')!, 'maintenance');
      stage.supply.blocked = BLOCK;
      await expect(stage.acquire('s1')).rejects.toThrow('five starts failed');
    });
  });

  it('passes complaints on to health', () => {
    stage.allocator.complain('a', 'silence');
    expect(stage.complain).toHaveBeenCalledWith('a', 'silence');
  });

  it('knows whether an engine has network, and believes so when nothing is known', () => {
    stage.add('a');
    expect([
      stage.allocator.isNetworkConnected('a'),
      stage.allocator.isNetworkConnected('none'),
    ]).toEqual([true, true]);
    stage.registry.get('a')!.networkConnected = false;
    expect(stage.allocator.isNetworkConnected('a')).toBe(false);
  });
});
