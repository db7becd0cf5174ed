import { Worker } from 'node:worker_threads';
import type { DatabaseThread, ThreadListener } from './database-thread';

/** Other tests have the database in their own thread. */
const { startDatabaseThread } = jest.requireActual<{
  startDatabaseThread: (listener: ThreadListener) => DatabaseThread;
}>('./database-thread.ts');

describe('startDatabaseThread', () => {
  it('tells once that a thread has ended by itself', async () => {
    const deaths: string[] = [];
    // There is no compiled program beside the source, so the thread ends with an error.
    const ended = new Promise<void>((resolve) => {
      const { emit } = Worker.prototype;
      jest.spyOn(Worker.prototype, 'emit').mockImplementation(function (this: Worker, ...event) {
        const isHandled = emit.apply(this, event);
        if (event[0] === 'exit') resolve();
        return isHandled;
      });
    });
    const thread = startDatabaseThread({
      answered: () => undefined,
      died: ({ message }) => deaths.push(message),
    });
    thread.post({ number: 1, content: { kind: 'close' } });
    await ended;
    expect(deaths).toEqual([expect.stringContaining('database-worker')]);
    jest.restoreAllMocks();
  });
});
