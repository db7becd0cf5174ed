import { parentPort } from 'node:worker_threads';
import { DatabaseService } from './database-service';
import type { DatabaseRequest, Numbered } from './protocol';

/** The program of the database's thread. */
const service = new DatabaseService();
parentPort?.on('message', ({ number, content }: Numbered<DatabaseRequest>) => {
  void service.answer(content).then((answer) => {
    parentPort?.postMessage({ number, content: answer });
  });
});
