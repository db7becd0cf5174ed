import { Logger } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import type { Job } from '../job-table';
import type { Jobs } from '../jobs.port';
import { ScriptedHandlers } from './scripted-handlers.spec-support';

/** An implementation of the port, with its handlers. */
export interface OpenJobs {
  readonly jobs: Jobs;
  /** Resolves when all copies stored for a job have been used or removed. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** The guarantees for callers, for every store of jobs. */
export function describeJobs(
  name: string,
  open: (handlers: ScriptedHandlers) => Promise<OpenJobs>,
) {
  describe(name, () => {
    let handlers: ScriptedHandlers;
    let opened: OpenJobs;
    let jobs: Jobs;
    let warn: jest.SpyInstance;
    let error: jest.SpyInstance;

    beforeEach(async () => {
      warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
      error = jest.spyOn(Logger.prototype, 'error').mockImplementation();
      handlers = new ScriptedHandlers();
      opened = await open(handlers);
      jobs = opened.jobs;
    });

    afterEach(async () => {
      await opened.close();
      jest.restoreAllMocks();
    });

    /** Waits for a job that is due after all the others, so that jobs that have not run by then never run. */
    async function everythingDue(): Promise<void> {
      const ran = (): boolean => handlers.streams.includes('marker');
      jobs.schedule(grace('marker'), { delayMs: 100 });
      await until(ran);
      await opened.settled();
    }

    it('runs a job once, after its delay, with its data', async () => {
      const beganMs = performance.now();
      jobs.schedule(grace('a'), { delayMs: 50 });
      await everythingDue();
      const [run, ...others] = handlers.runs;
      expect(run).toMatchObject({ name: 'stream.grace', data: { streamUid: 'a' } });
      // A timer may be 1 ms early.
      expect((run?.atMs ?? 0) - beganMs).toBeGreaterThanOrEqual(49);
      expect(others.map(({ data }) => data)).toEqual([{ streamUid: 'marker' }]);
    });

    it('distinguishes jobs by name and id, for any text in an id', async () => {
      const ids = ['x', 'x:y', 'x y', ':', 'ä', '0'];
      for (const id of ids) jobs.schedule(grace(id), { delayMs: 0 });
      jobs.schedule({ name: 'file.grace', id: 'x', data: { playbackUid: 'x' } }, { delayMs: 0 });
      await everythingDue();
      expect(handlers.streams.sort()).toEqual([...ids, 'marker'].sort());
      expect(handlers.runs.filter(({ name }) => name === 'file.grace')).toHaveLength(1);
    });

    it('replaces a job of the same name and id', async () => {
      jobs.schedule(grace('old', 'one'), { delayMs: 20 });
      jobs.schedule(grace('new', 'one'), { delayMs: 40 });
      await everythingDue();
      expect(handlers.streams).toEqual(['new', 'marker']);
    });

    it('does not run a cancelled job, and ignores the cancellation of an unknown job', async () => {
      jobs.schedule(grace('a'), { delayMs: 20 });
      jobs.schedule(grace('b'), { delayMs: 20 });
      jobs.cancel('stream.grace', 'a');
      jobs.cancel('stream.grace', 'a');
      jobs.cancel('file.grace', 'b');
      await everythingDue();
      expect(handlers.streams).toEqual(['b', 'marker']);
      jobs.cancel('stream.grace', 'b');
    });

    it('lets a handler schedule its own job again', async () => {
      handlers.onRun = (_, count) => {
        if (count < 3) jobs.schedule(grace('a'), { delayMs: 5 });
      };
      jobs.schedule(grace('a'), { delayMs: 5 });
      await until(() => handlers.runs.length === 3);
      await everythingDue();
      expect(handlers.streams).toEqual(['a', 'a', 'a', 'marker']);
    });

    it('attempts a failed job again, with waits that double, until it succeeds', async () => {
      handlers.onRun = (_, count) => {
        if (count < 4) throw new Error('not yet');
      };
      jobs.schedule(grace('a'), { delayMs: 0, attempts: 9, backoffMs: 20 });
      await until(() => handlers.runs.length === 4);
      await everythingDue();
      expect(handlers.streams).toEqual(['a', 'a', 'a', 'a', 'marker']);
      const times = handlers.runs.map(({ atMs }) => atMs);
      const waits = times.slice(1).map((atMs, n) => atMs - (times[n] ?? 0));
      expect(waits[0]).toBeGreaterThanOrEqual(19);
      expect(waits[1]).toBeGreaterThanOrEqual(39);
      expect(waits[2]).toBeGreaterThanOrEqual(79);
      expect(warn).toHaveBeenCalledTimes(3);
      expect(error).not.toHaveBeenCalled();
    });

    it('gives up after the last attempt, with a line in the log', async () => {
      handlers.onRun = ({ data }) => {
        if ((data as { streamUid: string }).streamUid === 'a') throw new Error('never');
      };
      jobs.schedule(grace('a'), { delayMs: 0, attempts: 2, backoffMs: 1 });
      jobs.schedule(grace('b'), { delayMs: 0 });
      await everythingDue();
      expect(handlers.streams).toEqual(['a', 'b', 'a', 'marker']);
      expect(error.mock.calls).toEqual([
        [{ err: new Error('never') }, 'job stream.grace with id a failed'],
      ]);
    });

    it.each([
      ['cancelled', () => jobs.cancel('stream.grace', 'one')],
      ['replaced', () => jobs.schedule(grace('new', 'one'), { delayMs: 0 })],
    ])('does not attempt a job again that was %s while it ran', async (_, change) => {
      handlers.onRun = async (_run, count) => {
        if (count > 1) return;
        change();
        await delay(1);
        throw new Error('the last attempt');
      };
      jobs.schedule(grace('old', 'one'), { delayMs: 0, attempts: 5 });
      await until(() => handlers.runs.length > 0);
      await everythingDue();
      expect(handlers.streams.filter((uid) => uid === 'old')).toHaveLength(1);
    });

    it('tells for each name what waits, runs, has succeeded and has failed', async () => {
      const state = () => jobs.states().find(({ name }) => name === 'stream.grace');
      expect(state()).toEqual({
        name: 'stream.grace',
        ...{ waiting: 0, running: 0, succeeded: 0, failed: 0, lastSuccessAt: null },
      });
      handlers.onRun = async (_, count) => {
        await delay(5);
        if (count < 3) throw new Error('not yet');
      };
      jobs.schedule(grace('cancelled'), { delayMs: 60_000 });
      jobs.schedule(grace('replaced'), { delayMs: 60_000 });
      jobs.schedule(grace('replaced'), { delayMs: 60_000 });
      expect(state()).toMatchObject({ waiting: 2, running: 0 });
      jobs.cancel('stream.grace', 'cancelled');
      const beganMs = Date.now();
      jobs.schedule(grace('a'), { delayMs: 0, attempts: 3, backoffMs: 1 });
      await until(() => state()?.running === 1);
      expect(state()).toMatchObject({ waiting: 1 });
      await until(() => state()?.succeeded === 1);
      expect(state()).toMatchObject({ waiting: 1, running: 0, failed: 2 });
      expect(state()?.lastSuccessAt?.getTime()).toBeGreaterThanOrEqual(beganMs);
      const others = jobs.states().filter(({ name }) => name !== 'stream.grace');
      expect(others.length).toBeGreaterThan(5);
      expect(others.filter(({ waiting, succeeded }) => waiting + succeeded > 0)).toEqual([]);
    });

    it('repeats a job, and never runs it twice at the same time', async () => {
      let running = 0;
      let most = 0;
      handlers.onRun = async () => {
        running += 1;
        most = Math.max(most, running);
        await delay(15);
        running -= 1;
      };
      jobs.every('hls.idle', 5);
      await until(() => handlers.runs.length >= 4);
      expect(most).toBe(1);
      expect(handlers.runs[0]).toMatchObject({ name: 'hls.idle', data: null });
    });

    it('continues to repeat a job that failed', async () => {
      handlers.onRun = () => {
        throw new Error('this time');
      };
      jobs.every('hls.idle', 5);
      await until(() => handlers.runs.length >= 3);
      expect(error).toHaveBeenCalledWith(expect.anything(), 'job hls.idle failed');
    });

    it.each([
      { delayMs: -1 },
      { delayMs: Number.NaN },
      { delayMs: 2 ** 31 },
      { delayMs: 0, attempts: 0 },
      { delayMs: 0, attempts: 1.5 },
      { delayMs: 0, attempts: 3, backoffMs: -1 },
      { delayMs: 0, attempts: 40, backoffMs: 1000 },
    ])('refuses %j, and keeps the job of that id', async (options) => {
      jobs.schedule(grace('a'), { delayMs: 20 });
      expect(() => jobs.schedule(grace('new', 'a'), options)).toThrow(RangeError);
      await everythingDue();
      expect(handlers.streams).toEqual(['a', 'marker']);
    });

    it('refuses to repeat without an interval', () => {
      expect(() => jobs.every('hls.idle', Number.NaN)).toThrow(RangeError);
      expect(() => jobs.every('hls.idle', 0)).toThrow(RangeError);
    });

    it('runs nothing after its end, and aborts running handlers', async () => {
      let isOver = false;
      handlers.onRun = async ({ signal }) => {
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        await delay(20);
        isOver = true;
      };
      jobs.schedule(grace('running'), { delayMs: 0 });
      jobs.schedule(grace('pending'), { delayMs: 300 });
      jobs.every('hls.idle', 300);
      await until(() => handlers.runs.length === 1);
      await opened.close();
      expect(isOver).toBe(true);
      jobs.schedule(grace('late'), { delayMs: 0 });
      jobs.every('hls.idle', 5);
      // All of them would have been due by then.
      await delay(350);
      expect(handlers.streams).toEqual(['running']);
      expect(handlers.runs).toHaveLength(1);
    });
  });
}

export function grace(streamUid: string, id = streamUid): Job {
  return { name: 'stream.grace', id, data: { streamUid } };
}

/** Waits until a condition is true. @throws Error after 20 s */
export async function until(fact: () => boolean | Promise<boolean>): Promise<void> {
  const endsMs = performance.now() + 20_000;
  while (!(await fact())) {
    if (performance.now() > endsMs) throw new Error('the fact did not come true within 20 s');
    await delay(5);
  }
}
