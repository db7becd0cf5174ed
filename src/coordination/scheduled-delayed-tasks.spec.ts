import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import { CoordinationModule } from './coordination.module';
import { DelayedTasks } from './delayed-tasks.port';
import { ScheduledDelayedTasks } from './scheduled-delayed-tasks';

describe('ScheduledDelayedTasks', () => {
  let scheduler: SchedulerRegistry;
  let tasks: ScheduledDelayedTasks;

  beforeEach(() => {
    jest.useFakeTimers();
    scheduler = new SchedulerRegistry();
    tasks = new ScheduledDelayedTasks(scheduler);
  });

  afterEach(() => {
    tasks.onModuleDestroy();
    expect(jest.getTimerCount()).toBe(0);
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  it('runs a task once, after its delay, and forgets it', () => {
    const task = jest.fn();
    tasks.schedule('end', 1000, task);
    expect(scheduler.getTimeouts()).toEqual(['delayed:end']);
    jest.advanceTimersByTime(999);
    expect(task).not.toHaveBeenCalled();
    jest.advanceTimersByTime(10_000);
    expect(task).toHaveBeenCalledTimes(1);
    expect(scheduler.getTimeouts()).toEqual([]);
  });

  it('replaces a task of the same name', () => {
    const first = jest.fn();
    const second = jest.fn();
    tasks.schedule('end', 1000, first);
    tasks.schedule('end', 2000, second);
    expect(jest.getTimerCount()).toBe(1);
    jest.advanceTimersByTime(5000);
    expect(first).not.toHaveBeenCalled();
    expect(second).toHaveBeenCalledTimes(1);
  });

  it('cancels, also what is not there', () => {
    const task = jest.fn();
    tasks.schedule('end', 1000, task);
    tasks.cancel('end');
    tasks.cancel('end');
    tasks.cancel('never scheduled');
    jest.advanceTimersByTime(5000);
    expect(task).not.toHaveBeenCalled();
  });

  it('lets a task schedule its own name again', () => {
    let runs = 0;
    const again = (): void => {
      runs += 1;
      if (runs < 3) tasks.schedule('loop', 10, again);
    };
    tasks.schedule('loop', 10, again);
    jest.advanceTimersByTime(1000);
    expect(runs).toBe(3);
  });

  it('logs what a task throws, and goes on', () => {
    const error = jest.spyOn(Logger.prototype, 'error').mockImplementation();
    const next = jest.fn();
    tasks.schedule('throws', 1, () => {
      throw new Error('boom');
    });
    tasks.schedule('next', 1, next);
    jest.advanceTimersByTime(1);
    expect(error).toHaveBeenCalledWith('delayed task "throws" failed', expect.anything());
    expect(next).toHaveBeenCalledTimes(1);
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31])('refuses a delay of %p', (delay) => {
    expect(() => tasks.schedule('end', delay, jest.fn())).toThrow(RangeError);
  });

  it('leaves nothing behind when the process ends, and takes nothing new', () => {
    const task = jest.fn();
    tasks.schedule('a', 1000, task);
    tasks.schedule('b', 1000, task);
    tasks.onModuleDestroy();
    tasks.schedule('c', 1000, task);
    expect(scheduler.getTimeouts()).toEqual([]);
    jest.advanceTimersByTime(5000);
    expect(task).not.toHaveBeenCalled();
  });

  it('is what the module gives out, and is cleared with it', async () => {
    jest.useRealTimers();
    const module = await Test.createTestingModule({ imports: [CoordinationModule] }).compile();
    await module.init();
    module.get(DelayedTasks).schedule('end', 60_000, jest.fn());
    const registry = module.get(SchedulerRegistry, { strict: false });
    expect(registry.getTimeouts()).toEqual(['delayed:end']);
    await module.close();
    expect(registry.getTimeouts()).toEqual([]);
    jest.useFakeTimers();
  });
});
