import { setImmediate as nextTurn } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { type RecordedEvent } from './domain-events';
import { EventBus } from './event-bus';

const removed = (n: number) => ({ engine_id: `e${n}`, reason: 'test' });

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await nextTurn();
}

describe('EventBus', () => {
  let bus: EventBus;
  let seen: RecordedEvent[];

  beforeEach(() => {
    bus = new EventBus();
    seen = [];
    bus.subscribe((event) => seen.push(event));
  });
  afterEach(() => bus.onApplicationShutdown());

  it('delivers in a later turn of the event loop, in order, with numbers and times', async () => {
    bus.publish('engine_removed', removed(1));
    bus.publish('viewer_joined', { stream_id: 's', client_id: 'c' });
    await Promise.resolve();
    expect(seen).toEqual([]);
    await nextTurn();
    expect(seen).toMatchObject([
      { id: 1, type: 'engine_removed', payload: removed(1) },
      { id: 2, type: 'viewer_joined', payload: { stream_id: 's', client_id: 'c' } },
    ]);
    expect(new Date(seen[0]!.time).toISOString()).toBe(seen[0]!.time);
  });

  it('survives a listener that throws, and logs it once', async () => {
    const log = jest.spyOn(Logger.prototype, 'error').mockImplementation();
    const late: number[] = [];
    bus.subscribe(() => {
      throw new Error('broken');
    });
    bus.subscribe((event) => late.push(event.id));
    bus.publish('engine_removed', removed(1));
    bus.publish('engine_removed', removed(2));
    await nextTurn();
    expect(late).toEqual([1, 2]);
    expect(log).toHaveBeenCalledTimes(1);
    log.mockRestore();
  });

  it('delivers events that listeners publish, in another turn', async () => {
    bus.subscribe((event) => {
      if (event.id < 3) bus.publish('engine_removed', removed(event.id));
    });
    bus.publish('engine_removed', removed(0));
    await until(() => seen.length === 3);
    expect(seen.map((event) => event.id)).toEqual([1, 2, 3]);
  });

  it('spreads a burst over turns', async () => {
    for (let i = 0; i < 1000; i += 1) bus.publish('engine_removed', removed(i));
    await nextTurn();
    expect(seen.length).toBeLessThan(1000);
    await until(() => seen.length === 1000);
  });

  it('queues a bounded number of events and counts the lost ones', async () => {
    for (let i = 0; i < 10_005; i += 1) bus.publish('engine_removed', removed(i));
    expect(bus.lost).toBe(5);
    await until(() => seen.length === 10_000);
    bus.publish('engine_removed', removed(0));
    await nextTurn();
    expect(seen.at(-1)!.id).toBe(10_006);
  });

  it('does not call listeners that have unsubscribed', async () => {
    const others: RecordedEvent[] = [];
    const unsubscribe = bus.subscribe((event) => others.push(event));
    bus.publish('engine_removed', removed(1));
    unsubscribe();
    await nextTurn();
    expect(others).toEqual([]);
    expect(seen).toHaveLength(1);
  });

  it('delivers the last events before the end', () => {
    bus.publish('engine_removed', removed(1));
    bus.onApplicationShutdown();
    expect(seen).toHaveLength(1);
  });
});
