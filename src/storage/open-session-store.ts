import type { DataFolder } from './data-folder';
import { WriteBehind } from './write-behind';

export interface StoredSession {
  readonly host: string;
  readonly port: number;
  readonly commandPath: string;
}

/** The engine sessions that are open. */
export class OpenSessionStore {
  private readonly writes: WriteBehind;

  constructor(private readonly folder: DataFolder) {
    this.writes = new WriteBehind(folder.database);
  }

  /** @throws DatabaseError */
  async list(): Promise<StoredSession[]> {
    const rows = await this.folder.database.readOr([], (database) =>
      database.selectFrom('open_sessions').selectAll().execute(),
    );
    return rows.map(({ host, port, command_path }) => ({ host, port, commandPath: command_path }));
  }

  /** Writes the session soon. @param written called when it is on the disk */
  add({ host, port, commandPath }: StoredSession, written?: () => Promise<void>): void {
    const row = { host, port, command_path: commandPath };
    this.writes.put(
      keyOf(row),
      (transaction) =>
        transaction
          .insertInto('open_sessions')
          .values(row)
          .onConflict((conflict) => conflict.doNothing())
          .execute(),
      written,
    );
  }

  /** Removes the session soon. */
  remove({ host, port, commandPath }: StoredSession): void {
    const row = { host, port, command_path: commandPath };
    this.writes.put(keyOf(row), (transaction) =>
      transaction
        .deleteFrom('open_sessions')
        .where((is) => is.and(row))
        .execute(),
    );
  }

  /** Resolves when all changes are written, or were refused. */
  settled(): Promise<void> {
    return this.writes.settled();
  }

  close(): Promise<void> {
    return this.writes.close();
  }
}

function keyOf(row: { host: string; port: number; command_path: string }): string {
  return `${row.host} ${row.port} ${row.command_path}`;
}
