import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { type EventBus } from '../events';
import { EngineRegistry } from './engine-registry';
import type { EngineSupply } from './engine-supply';
import { EngineAllocator } from './engine.allocator';
import { aDescription, WEIGHTS } from './engine.spec-support';
import type { AcquireRequest, EngineLease } from './engine.types';
import type { EnginesConfig } from './engines.config';
import type { EngineHealth } from './health/engine-health';
import { EngineSelector } from './selection/engine.selector';
import { ProbedFacts, SlowFactCache } from './selection/slow-facts';
import { WaitingRequests } from './waiting-requests';

/** What a wait for slots does to others: to those who wait, to those who have slots, and to who brings engines. */
describe('Waiting for slots', () => {
  const config = {
    maxStreamsPerEngine: 1,
    engineWaitTimeoutMs: 60_000,
    ...WEIGHTS,
  } as EnginesConfig;
  const supply = { canGrow: false, blocked: null, subscribe: () => () => undefined };
  let registry: EngineRegistry;
  let allocator: EngineAllocator;
  let waiting: WaitingRequests;

  beforeEach(() => {
    jest.useFakeTimers();
    Logger.overrideLogger(false);
    supply.canGrow = false;
    waiting = new WaitingRequests();
    registry = new EngineRegistry({ publish: () => undefined } as unknown as EventBus);
    allocator = new EngineAllocator(
      config,
      new EngineSelector(config, registry, new SlowFactCache(new ProbedFacts())),
      registry,
      supply as unknown as EngineSupply,
      { complain: () => undefined } as unknown as EngineHealth,
      waiting,
    );
    for (const id of ['a', 'b']) {
      registry.announce(aDescription(id));
      registry.transition(registry.get(id)!, 'healthy', 'test');
    }
  });

  afterEach(() => {
    allocator.onModuleDestroy();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
  });

  const tick = () => jest.advanceTimersByTimeAsync(0);

  function start(
    streamId: string,
    excluded: string[],
    over: Partial<AcquireRequest> = {},
  ): Promise<EngineLease> {
    const { signal } = new AbortController();
    return allocator.acquire({
      ...{ streamId, signal, excluded: new Set(excluded), isFirstStart: true },
      ...over,
    });
  }

  it('is nothing for two starts of which each has what the other wants', async () => {
    await Promise.all([start('s1', ['b']), start('s2', ['a'])]);
    // Each leaves its own engine alone, and keeps its slot there until it has another.
    const others = [
      start('s1', ['a'], { mayWait: false }),
      start('s2', ['b'], { mayWait: false }),
    ].map((lease) => expect(lease).rejects.toMatchObject({ code: 'no_capacity' }));
    await Promise.all(others);
  });

  it('asks nobody for a slot within the change that made it look', async () => {
    await Promise.all([start('s1', []), start('s2', [])]);
    const refused = expect(start('s3', [])).rejects.toMatchObject({ code: 'shutting_down' });
    await tick();
    const give = jest.fn(() => Promise.resolve(false));
    allocator.onCapacityNeeded(give);
    allocator.reconsider();
    expect(give).not.toHaveBeenCalled();
    await tick();
    expect(give).toHaveBeenCalledTimes(1);
    allocator.onModuleDestroy();
    await refused;
  });

  it('wants an engine again when that of the slot that was on its way stops working', async () => {
    const leases = await Promise.all([start('s1', []), start('s2', [])]);
    for (const lease of leases) lease.vacate();
    const served = start('s3', []);
    served.catch(() => undefined);
    expect(waiting.wantingEngine).toBe(0);
    supply.canGrow = true;
    for (const engine of registry.list()) registry.transition(engine, 'unhealthy', 'test');
    expect(waiting.wantingEngine).toBe(1);
    registry.announce(aDescription('c'));
    registry.transition(registry.get('c')!, 'healthy', 'test');
    expect((await served).engine.id).toBe('c');
  });
});
