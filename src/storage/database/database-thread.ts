import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { DatabaseAnswer, DatabaseRequest, Numbered } from './protocol';

export interface DatabaseThread {
  post(request: Numbered<DatabaseRequest>): void;
  /** Stops the thread. Requests that have no answer get none. */
  end(): Promise<void>;
}

export interface ThreadListener {
  answered(answer: Numbered<DatabaseAnswer>): void;
  /** The thread has ended by itself. */
  died(error: Error): void;
}

/** V8's heap in the thread: SQLite's own memory is outside of it, and rows are passed on at once. */
const HEAP_MB = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 4 };

/** Starts the thread in which the database runs, so that a slow disk does not stop the event loop of the viewers. */
export function startDatabaseThread(listener: ThreadListener): DatabaseThread {
  const worker = new Worker(join(__dirname, 'database-worker.js'), { resourceLimits: HEAP_MB });
  let hasEnded = false;
  let pending = 0;
  worker.on('message', (answer: Numbered<DatabaseAnswer>) => {
    if (--pending === 0) worker.unref();
    listener.answered(answer);
  });
  // An error is followed by the end, when another thread may have been started already.
  const died = (error: unknown): void => {
    if (hasEnded) return;
    hasEnded = true;
    listener.died(error instanceof Error ? error : new Error(String(error)));
  };
  worker.on('error', died);
  worker.on('exit', (code) => died(new Error(`it ended with code ${code}`)));
  // Only a pending request keeps the process alive.
  worker.unref();
  return {
    post: (request) => {
      if (pending++ === 0) worker.ref();
      worker.postMessage(request);
    },
    end: async () => {
      hasEnded = true;
      await worker.terminate();
    },
  };
}
