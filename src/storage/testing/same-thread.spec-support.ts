import { DatabaseService } from '../database/database-service';
import type { DatabaseThread, ThreadListener } from '../database/database-thread';

/** Runs the database in the thread of the test, because a thread of its own would need the compiled program. */
export function startDatabaseThread(listener: ThreadListener): DatabaseThread {
  const service = new DatabaseService();
  return {
    post: ({ number, content }) => {
      void service.answer(content).then((answer) => listener.answered({ number, content: answer }));
    },
    end: () => Promise.resolve(),
  };
}
