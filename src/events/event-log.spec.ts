import { copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { AppError } from '../kernel/errors';
import { EventLogStage } from './testing/event-log.spec-support';

const DAY_MS = 86_400_000;
const { signal } = new AbortController();

describe('EventLog', () => {
  let path: string;
  let now: EventLogStage;

  beforeEach(async () => {
    path = mkdtempSync(join(tmpdir(), 'event-log-'));
    now = await EventLogStage.start(path);
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await now.end();
    rmSync(path, { recursive: true });
  });

  it('has its events after a restart, and continues with the next id', async () => {
    now.publish(3);
    expect(await now.ids()).toEqual([1, 2, 3]);
    await now.end();
    now = await EventLogStage.start(path);
    expect(await now.ids()).toEqual([1, 2, 3]);
    now.publish(1);
    expect(await now.ids()).toEqual([1, 2, 3, 4]);
    const { events } = await now.log.find({}, 1, 'newest');
    expect(events[0]).toEqual({
      id: 4,
      timeMs: expect.any(Number),
      type: 'engine_removed',
      level: 'info',
      category: 'engine',
      message: 'Engine e0 was removed (test).',
      streamId: null,
      engineId: 'e0',
      fromEngineId: null,
      channel: null,
      payload: { engine_id: 'e0', reason: 'test' },
    });
    await now.written();
    expect((await now.log.find({}, 1, 'newest')).events).toEqual(events);
  });

  it('keeps what was written before a crash, and gives no lost id to another event', async () => {
    now.publish(3);
    await now.written();
    now.publish(2);
    await now.kill();
    now = await EventLogStage.start(path);
    now.publish(1);
    const ids = await now.ids();
    expect(ids.slice(0, 3)).toEqual([1, 2, 3]);
    expect(ids).toHaveLength(4);
    expect(ids[3]).toBeGreaterThan(5);
  });

  it('continues with the next id if the copy of the database, which has no events, replaces it', async () => {
    now.publish(3);
    await now.end();
    copyFileSync(join(path, 'acefleet.db.bak'), join(path, 'acefleet.db'));
    now = await EventLogStage.start(path);
    expect(await now.ids()).toEqual([]);
    now.publish(1);
    expect(await now.ids()).toEqual([4]);
  });

  it('follows changes of EVENT_LOG_SIZE, and keeps the newest events', async () => {
    now.publish(2500);
    await now.written();
    now.config.eventLogSize = 7;
    await now.log.removeOld(null, signal);
    expect(await now.ids()).toEqual([2494, 2495, 2496, 2497, 2498, 2499, 2500]);
    now.publish(1);
    await now.written();
    await now.log.removeOld(null, signal);
    expect((await now.ids())[0]).toBe(2495);
    expect(await now.log.totals()).toMatchObject({ total: 7, lost: 0, isComplete: true });
  });

  it('follows changes of EVENT_LOG_DAYS, and writes nothing while no event is older', async () => {
    now.publish(1500);
    await now.written();
    const change = jest.spyOn(now.folder.database, 'append');
    await now.log.removeOld(null, signal);
    expect(change).not.toHaveBeenCalled();
    const realNow = Date.now();
    jest.spyOn(Date, 'now').mockReturnValue(realNow + 29 * DAY_MS);
    await now.log.removeOld(null, signal);
    expect(change).not.toHaveBeenCalled();
    now.config.eventLogDays = 28;
    await now.log.removeOld(null, signal);
    expect(change).toHaveBeenCalled();
    expect(await now.log.totals()).toMatchObject({ total: 0, oldestMs: null, newestMs: null });
  });

  it('keeps a bounded number of events in memory while the disk refuses, and counts the lost ones', async () => {
    const refuse = jest
      .spyOn(now.store, 'append')
      .mockRejectedValue(new AppError('storage_full', 'full'));
    for (let n = 0; n < 101; n += 1) now.publish(100);
    expect(await now.log.totals()).toMatchObject({ total: 10_000, unwritten: 10_000, lost: 100 });
    expect(now.log.lost).toBe(100);
    expect((await now.ids()).at(-1)).toBe(10_100);
    expect((await now.log.find({}, 1, 'oldest')).events[0]?.id).toBe(101);
    refuse.mockRestore();
    await now.log.onApplicationShutdown();
    expect(await now.store.find({}, 2, 'newest')).toMatchObject([{ id: 10_099 }, { id: 10_100 }]);
    expect(await now.log.totals()).toMatchObject({ total: 10_000, unwritten: 0, lost: 100 });
  });

  it('answers from memory if the disk cannot be read', async () => {
    now.publish(3);
    await now.written();
    jest.spyOn(now.store, 'find').mockRejectedValue(new Error('broken'));
    jest.spyOn(now.store, 'count').mockRejectedValue(new Error('broken'));
    expect(await now.log.find({ afterId: 1 }, 10, 'oldest')).toMatchObject({
      events: [{ id: 2 }, { id: 3 }],
      isComplete: false,
    });
    expect(await now.log.totals()).toMatchObject({ total: 3, isComplete: false });
    await expect(now.log.findOnDisk({}, 1, 'oldest')).rejects.toMatchObject({
      code: 'storage_failed',
    });
  });

  it('drops events that the database cannot hold, and goes on', async () => {
    const logged = jest.spyOn(Logger.prototype, 'error').mockImplementation();
    jest.spyOn(now.store, 'append').mockRejectedValueOnce(new TypeError('defect'));
    now.publish(2);
    await now.written();
    now.publish(1);
    await now.written();
    expect(await now.log.totals()).toMatchObject({ total: 1, lost: 2 });
    expect(logged).toHaveBeenCalledTimes(1);
  });

  it('starts above all earlier ids if the disk cannot tell them', async () => {
    jest.spyOn(now.folder.database, 'change').mockRejectedValue(new AppError('storage_full', ''));
    expect(await now.store.reserveIds()).toBeGreaterThan(1_700_000_000_000);
  });
});
