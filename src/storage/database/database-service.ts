import { DatabaseFile, NewerDatabaseError } from './database-file';
import type { DatabaseAnswer, DatabaseFault, DatabaseRequest } from './protocol';

/** Answers the requests to one database, one after the other. */
export class DatabaseService {
  private file: DatabaseFile | null = null;
  private last: Promise<unknown> = Promise.resolve();

  /** Never rejects. */
  answer(request: DatabaseRequest): Promise<DatabaseAnswer> {
    const answer = this.last
      .then(() => this.handle(request))
      .catch((error: unknown) => ({
        fault: faultOf(error),
      }));
    this.last = answer;
    return answer;
  }

  private async handle(request: DatabaseRequest): Promise<DatabaseAnswer> {
    switch (request.kind) {
      case 'open': {
        this.file?.close();
        this.file = null;
        const file = new DatabaseFile(request.path);
        const value = await file.open();
        this.file = file;
        return { value };
      }
      case 'execute':
        return { value: this.opened.execute(request.sql, request.values) };
      case 'copy':
        this.opened.copy();
        return { value: null };
      case 'close':
        this.file?.close();
        this.file = null;
        return { value: null };
    }
  }

  private get opened(): DatabaseFile {
    if (this.file === null) throw new Error('the database is not open');
    return this.file;
  }
}

function faultOf(error: unknown): DatabaseFault {
  const { code, message } = error as { code?: unknown; message?: unknown };
  return {
    code: typeof code === 'string' && code !== '' ? code : null,
    message: typeof message === 'string' ? message : String(error),
    isOfNewerRelease: error instanceof NewerDatabaseError,
  };
}
