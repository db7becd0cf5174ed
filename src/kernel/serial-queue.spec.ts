import { Deferred } from './deferred';
import { SerialQueue } from './serial-queue';

describe('SerialQueue', () => {
  it('executes work in order, each after the end of the work before it', async () => {
    const queue = new SerialQueue();
    const gate = new Deferred<void>();
    const steps: string[] = [];
    const first = queue.run(async () => {
      await gate.promise;
      steps.push('first');
      return 1;
    });
    const second = queue.run(() => {
      steps.push('second');
      return Promise.resolve(2);
    });
    await new Promise(setImmediate);
    expect(steps).toEqual([]);
    gate.resolve();
    expect(await Promise.all([first, second])).toEqual([1, 2]);
    expect(steps).toEqual(['first', 'second']);
  });

  it('continues after work that failed, and tells its caller', async () => {
    const queue = new SerialQueue();
    const failed = queue.run(() => Promise.reject(new Error('failed')));
    const next = queue.run(() => Promise.resolve('next'));
    await expect(failed).rejects.toThrow('failed');
    expect(await next).toBe('next');
  });

  it('is settled when the work is done that was added meanwhile', async () => {
    const queue = new SerialQueue();
    let isDone = false;
    void queue.run(async () => {
      await Promise.resolve();
      void queue.run(async () => {
        await new Promise(setImmediate);
        isDone = true;
      });
    });
    await queue.settled();
    expect(isDone).toBe(true);
  });
});
