import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { type EventBus } from '../events';
import { AppError } from '../kernel/errors';
import { EngineRegistry } from './engine-registry';
import type { EngineSupply } from './engine-supply';
import { EngineAllocator } from './engine.allocator';
import { aDescription, WEIGHTS } from './engine.spec-support';
import type { EngineLease, EngineState } from './engine.types';
import type { EnginesConfig } from './engines.config';
import type { EngineHealth } from './health/engine-health';
import { EngineSelector } from './selection/engine.selector';
import { ProbedFacts, SlowFactCache } from './selection/slow-facts';
import type { ProvisioningBlock } from './fleet/fleet.types';
import { WaitingRequests } from './waiting-requests';

const WAIT_MS = 60_000;

describe('EngineAllocator', () => {
  const config = {
    maxStreamsPerEngine: 1,
    engineWaitTimeoutMs: WAIT_MS,
    ...WEIGHTS,
  } as EnginesConfig;
  let registry: EngineRegistry;
  let allocator: EngineAllocator;
  let supply: { canGrow: boolean; blocked: ProvisioningBlock | null };
  let supplyChanged: () => void;
  let complain: jest.Mock;

  beforeEach(() => {
    jest.useFakeTimers();
    Logger.overrideLogger(false);
    supply = { canGrow: false, blocked: null };
    const subscribe = (listener: () => void) => {
      supplyChanged = listener;
      return () => undefined;
    };
    complain = jest.fn();
    registry = new EngineRegistry({ publish: () => undefined } as unknown as EventBus);
    allocator = new EngineAllocator(
      config,
      new EngineSelector(config, registry, new SlowFactCache(new ProbedFacts())),
      registry,
      Object.assign(supply, { subscribe }) as unknown as EngineSupply,
      { complain } as unknown as EngineHealth,
      new WaitingRequests(),
    );
  });

  afterEach(() => {
    allocator.onModuleDestroy();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  function add(id: string, ...states: EngineState[]): void {
    registry.announce(aDescription(id));
    for (const state of states) move(id, state);
  }

  function move(id: string, state: EngineState): void {
    registry.transition(registry.get(id)!, state, 'test');
  }

  function acquire(
    streamId: string,
    excluded: string[] = [],
    signal = new AbortController().signal,
  ): Promise<EngineLease> {
    return allocator.acquire({ streamId, excluded: new Set(excluded), signal });
  }

  /** The code of the error, once it is there; never waits for time to pass. */
  const codeOf = (promise: Promise<EngineLease>): Promise<string> =>
    promise.then(
      (lease) => `lease of ${lease.engine.id}`,
      (error: unknown) => (error instanceof AppError ? error.code : String(error)),
    );

  const tick = () => jest.advanceTimersByTimeAsync(0);

  describe('when a slot is free', () => {
    it('reserves it in the same tick', async () => {
      add('a', 'healthy');
      const pending = acquire('s1');
      expect(registry.get('a')!.streamIds).toEqual(['s1']);
      const lease = await pending;
      expect([lease.engine.id, lease.streamId]).toEqual(['a', 's1']);
      expect(jest.getTimerCount()).toBe(0);
    });

    it('refuses a caller that has gone already, and reserves nothing', async () => {
      add('a', 'healthy');
      await expect(acquire('s1', [], AbortSignal.abort(new Error('left')))).rejects.toThrow('left');
      expect(registry.get('a')!.leases.size).toBe(0);
    });
  });

  describe('when no engine works yet', () => {
    it('waits for the first that becomes usable, also for the very first announcement', async () => {
      const first = acquire('s1');
      add('a');
      add('b', 'healthy');
      expect((await first).engine.id).toBe('b');
    });

    it('serves in the order of coming, one slot each; who finds none free is refused at once', async () => {
      add('a', 'unhealthy');
      add('b', 'unhealthy');
      const codes = ['s1', 's2', 's3'].map((id) => codeOf(acquire(id)));
      move('b', 'healthy');
      move('a', 'healthy');
      expect(registry.get('b')!.streamIds).toEqual(['s1']);
      expect(registry.get('a')!.streamIds).toEqual(['s2']);
      expect(await Promise.all(codes)).toEqual(['lease of b', 'lease of a', 'no_capacity']);
    });

    it('passes over who does not want the engine', async () => {
      add('a', 'unhealthy');
      add('b', 'unhealthy');
      const picky = codeOf(acquire('s1', ['a']));
      const second = codeOf(acquire('s2'));
      move('a', 'healthy');
      expect(await second).toBe('lease of a');
      move('b', 'healthy');
      expect(await picky).toBe('lease of b');
    });

    it('gives up after the wait time and says how the engines are', async () => {
      add('a', 'unhealthy');
      const failed = acquire('s1').catch((error: unknown) => error);
      await jest.advanceTimersByTimeAsync(WAIT_MS - 1);
      expect(jest.getTimerCount()).toBe(1);
      await jest.advanceTimersByTimeAsync(1);
      expect(await failed).toMatchObject({
        code: 'no_engine',
        detail: 'No engine became usable within 60 s (a unhealthy).',
      });
    });

    it('is left by a caller that goes, without a trace', async () => {
      add('a', 'unhealthy');
      const caller = new AbortController();
      const code = codeOf(acquire('s1', [], caller.signal));
      caller.abort(new Error('left'));
      expect(await code).toBe('Error: left');
      expect(jest.getTimerCount()).toBe(0);
      move('a', 'healthy');
      expect(registry.get('a')!.leases.size).toBe(0);
    });

    it('takes the slot back from a caller that goes in the tick in which it is served', async () => {
      add('a', 'unhealthy');
      const caller = new AbortController();
      const code = codeOf(acquire('s1', [], caller.signal));
      move('a', 'healthy');
      caller.abort(new Error('left'));
      expect(await code).toBe('Error: left');
      expect(registry.get('a')!.leases.size).toBe(0);
    });

    it('fails at once when every engine is being drained', async () => {
      add('a', 'unhealthy');
      const code = codeOf(acquire('s1'));
      registry.drain(registry.get('a')!, 'maintenance');
      expect(await code).toBe('no_engine');
      expect(await codeOf(acquire('s2'))).toBe('no_engine');
    });

    it('fails who waits when the process ends, and takes nobody new', async () => {
      const code = codeOf(acquire('s1'));
      allocator.onModuleDestroy();
      expect(await code).toBe('shutting_down');
      expect(await codeOf(acquire('s2'))).toBe('shutting_down');
    });
  });

  describe('when engines are excluded', () => {
    it('fails at once when all are', async () => {
      add('a', 'healthy');
      add('b', 'unhealthy');
      expect(await codeOf(acquire('s1', ['a', 'b']))).toBe('engine_failed');
    });

    it('waits for one that is being restarted: its new process has not failed', async () => {
      add('a', 'healthy');
      add('b', 'healthy');
      registry.lose('b', 'process exited with code 1');
      const code = codeOf(acquire('s1', ['a', 'b']));
      move('b', 'healthy');
      expect(await code).toBe('lease of b');
    });
  });

  describe('when the working engines are full', () => {
    let held: EngineLease;

    beforeEach(async () => {
      add('a', 'healthy');
      held = await acquire('s0');
    });

    it('refuses at once', async () => {
      expect(await codeOf(acquire('s1'))).toBe('no_capacity');
    });

    it('refuses at once beside an unhealthy engine', async () => {
      add('b', 'unhealthy');
      expect(await codeOf(acquire('s1'))).toBe('no_capacity');
    });

    it('gets the slot of a session that nobody needs any more', async () => {
      allocator.onCapacityNeeded(() => {
        held.release();
        return Promise.resolve(true);
      });
      expect((await acquire('s1')).engine.id).toBe('a');
      expect(registry.get('a')!.streamIds).toEqual(['s1']);
    });

    it('asks the next when one has nothing to give or fails, and nobody who went away', async () => {
      const asked: string[] = [];
      allocator.onCapacityNeeded(() => {
        asked.push('empty');
        return Promise.resolve(false);
      });
      allocator.onCapacityNeeded(() => {
        asked.push('broken');
        return Promise.reject(new Error('boom'));
      });
      allocator.onCapacityNeeded(() => Promise.reject(new Error('never asked')))();
      expect(await codeOf(acquire('s1'))).toBe('no_capacity');
      expect(asked).toEqual(['empty', 'broken']);
    });

    it('asks again when the slot went to who waited longer', async () => {
      add('b', 'healthy');
      const alsoHeld = await acquire('s00');
      const idle = [held, alsoHeld];
      const give = async (): Promise<boolean> => {
        await Promise.resolve();
        const lease = idle.shift();
        lease?.release();
        return lease !== undefined;
      };
      allocator.onCapacityNeeded(give);
      const codes = await Promise.all(['s1', 's2', 's3'].map((id) => codeOf(acquire(id))));
      expect(codes).toEqual(['lease of a', 'lease of b', 'no_capacity']);
    });

    it('does not wait for a reclaimer that never answers', async () => {
      allocator.onCapacityNeeded(() => new Promise(() => undefined));
      const code = codeOf(acquire('s1'));
      await jest.advanceTimersByTimeAsync(5000);
      expect(await code).toBe('no_capacity');
    });

    it('is content with a slot that somebody gives back meanwhile', async () => {
      allocator.onCapacityNeeded(() => new Promise(() => undefined));
      const code = codeOf(acquire('s1'));
      held.release();
      expect(await code).toBe('lease of a');
      await jest.advanceTimersByTimeAsync(5000);
    });

    it('waits for an engine that starts, and refuses when that fails', async () => {
      add('b');
      const code = codeOf(acquire('s1'));
      await tick();
      expect(jest.getTimerCount()).toBe(1);
      move('b', 'unhealthy');
      expect(await code).toBe('no_capacity');
    });

    it('waits for a slot or an engine while the fleet may grow, then says that it is full', async () => {
      supply.canGrow = true;
      const first = codeOf(acquire('s1'));
      const second = codeOf(acquire('s2'));
      await tick();
      held.release();
      expect(await first).toBe('lease of a');
      await jest.advanceTimersByTimeAsync(WAIT_MS);
      expect(await second).toBe('no_capacity');
    });
  });

  describe('when a slot is on its way to be free', () => {
    let held: EngineLease;

    beforeEach(async () => {
      add('a', 'healthy');
      held = await acquire('s0');
      held.vacate();
    });

    it('waits for it, and refuses at once who comes after as many as there are', async () => {
      const codes = ['s1', 's2'].map((id) => codeOf(acquire(id)));
      expect(await codes[1]).toBe('no_capacity');
      held.release();
      expect(await codes[0]).toBe('lease of a');
    });

    it('takes none from an idle session meanwhile', async () => {
      const give = jest.fn(() => Promise.resolve(false));
      allocator.onCapacityNeeded(give);
      const code = codeOf(acquire('s1'));
      await tick();
      expect(give).not.toHaveBeenCalled();
      held.release();
      expect(await code).toBe('lease of a');
    });

    it('refuses who wants no slot of that engine, and who wants one that is free now', async () => {
      add('b', 'healthy');
      await acquire('s00');
      expect(await codeOf(acquire('s1', ['a']))).toBe('no_capacity');
      const request = { excluded: new Set<string>(), signal: new AbortController().signal };
      const now = allocator.acquire({ ...request, streamId: 's2', mayReclaim: false });
      expect(await codeOf(now)).toBe('no_capacity');
    });

    it('is given up when the engine stops working: any other will do', async () => {
      const code = codeOf(acquire('s1'));
      move('a', 'unhealthy');
      add('b', 'healthy');
      expect(await code).toBe('lease of b');
    });
  });

  describe('when slots may come free', () => {
    let held: EngineLease;
    let hope: boolean;

    beforeEach(async () => {
      add('a', 'healthy');
      held = await acquire('s0');
      hope = true;
    });

    function hopeful(streamId: string, isWanted = () => true): Promise<string> {
      const signal = new AbortController().signal;
      const mayHope = (): boolean => hope;
      return codeOf(
        allocator.acquire({ streamId, excluded: new Set(), signal, mayHope, isWanted }),
      );
    }

    it('waits as long as there is hope, and refuses the moment there is none', async () => {
      const code = hopeful('s1');
      await jest.advanceTimersByTimeAsync(WAIT_MS / 2);
      allocator.reconsider();
      await tick();
      expect(jest.getTimerCount()).toBe(1);
      hope = false;
      allocator.reconsider();
      expect(await code).toBe('no_capacity');
    });

    it('waits for starts in which nothing plays yet, and is one itself when it is served', async () => {
      add('b', 'healthy');
      const first = { excluded: new Set<string>(), isFirstStart: true };
      const start = (streamId: string): Promise<EngineLease> =>
        allocator.acquire({ ...first, streamId, signal: new AbortController().signal });
      const unproved = await start('s1');
      const [next, last] = [start('s2'), codeOf(start('s3'))];
      expect(await codeOf(acquire('a restart'))).toBe('no_capacity');
      await tick();
      unproved.release();
      const served = await next;
      await tick();
      expect([served.engine.id, served.isUnproved]).toEqual(['b', true]);
      // Still one of which nobody knows whether it stays.
      expect(jest.getTimerCount()).toBe(1);
      served.prove();
      expect(await last).toBe('no_capacity');
    });

    it('waits no longer than anybody', async () => {
      const code = hopeful('s1');
      await jest.advanceTimersByTimeAsync(WAIT_MS);
      expect(await code).toBe('no_capacity');
    });

    it('asks again who had nothing to give, and those who are waited for last', async () => {
      const asked: string[] = [];
      let mayGive = false;
      allocator.onCapacityNeeded(() => {
        asked.push('start');
        if (mayGive) held.release();
        return Promise.resolve(mayGive);
      }, true);
      allocator.onCapacityNeeded(() => {
        asked.push('idle');
        return Promise.resolve(false);
      });
      const code = hopeful('s1');
      await tick();
      mayGive = true;
      allocator.reconsider();
      expect(await code).toBe('lease of a');
      expect(asked).toEqual(['idle', 'start', 'idle', 'start']);
    });

    it('has nobody give up a slot for a stream that nobody waits for, and serves it last', async () => {
      const give = jest.fn(() => Promise.resolve(false));
      allocator.onCapacityNeeded(give);
      let isWanted = false;
      const [left, waited] = [hopeful('s1', () => isWanted), hopeful('s2')];
      await tick();
      expect(give).toHaveBeenCalledTimes(1);
      held.release();
      expect(await waited).toBe('lease of a');
      isWanted = true;
      allocator.reconsider();
      await tick();
      expect(give).toHaveBeenCalledTimes(2);
      hope = false;
      allocator.reconsider();
      expect(await left).toBe('no_capacity');
    });

    it('serves of a crowd who came first, then who came last', async () => {
      const served: string[] = [];
      for (const id of ['s1', 's2', 's3', 's4']) {
        void hopeful(id).then((code) => code.startsWith('lease') && served.push(id));
      }
      for (let n = 0; n < 4; n += 1) {
        await tick();
        for (const lease of registry.get('a')!.leases) lease.release();
      }
      await tick();
      expect(served).toEqual(['s1', 's4', 's2', 's3']);
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
      supply.blocked = { ...BLOCK, retryInMs: ms };
      const refused = await acquire('s1').catch((error: unknown) => error);
      expect(refused).toMatchObject({
        code: 'no_engine',
        detail: 'There is no engine: five starts failed',
        retryAfterS: s,
      });
    });

    it('refuses who waits already as soon as it is so', async () => {
      const code = codeOf(acquire('s1'));
      await tick();
      supply.blocked = BLOCK;
      supplyChanged();
      expect(await code).toBe('no_engine');
    });

    it('waits while one is on its way, or one that is there may recover', async () => {
      supply.blocked = BLOCK;
      add('a', 'unhealthy');
      const code = codeOf(acquire('s1'));
      supplyChanged();
      move('a', 'healthy');
      expect(await code).toBe('lease of a');
      registry.remove('a', 'test');
      supply.canGrow = true;
      const next = codeOf(acquire('s2'));
      supplyChanged();
      add('b', 'healthy');
      expect(await next).toBe('lease of b');
    });

    it('does not wait for engines that are being drained', async () => {
      add('a', 'healthy');
      registry.drain(registry.get('a')!, 'maintenance');
      supply.blocked = BLOCK;
      await expect(acquire('s1')).rejects.toThrow('five starts failed');
    });
  });

  it('passes complaints on to health', () => {
    allocator.complain('a', 'silence');
    expect(complain).toHaveBeenCalledWith('a', 'silence');
  });

  it('knows whether an engine has network, and believes so when nothing is known', () => {
    add('a');
    expect([allocator.isNetworkConnected('a'), allocator.isNetworkConnected('none')]).toEqual([
      true,
      true,
    ]);
    registry.get('a')!.networkConnected = false;
    expect(allocator.isNetworkConnected('a')).toBe(false);
  });
});
