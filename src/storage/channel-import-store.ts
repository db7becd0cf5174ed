import type { DataFolder } from './data-folder';
import { WriteBehind } from './write-behind';

/** An import of channels. All times are milliseconds since 1970. */
export interface StoredImport {
  readonly id: string;
  readonly name: string;
  /** Null if its list was not fetched but sent. */
  readonly url: string | null;
  readonly refreshIntervalMs: number;
  readonly isEnabled: boolean;
  readonly createdAtMs: number;
  /** When its list was last fetched or sent, with success or not; null if never. */
  readonly triedAtMs: number | null;
  readonly refreshedAtMs: number | null;
  /** Why the last attempt failed; null if it succeeded. */
  readonly error: StoredImportError | null;
}

export interface StoredImportError {
  readonly code: string;
  readonly detail: string;
}

/** The imports of channels; `ChannelStore` keeps what they list. */
export class ChannelImportStore {
  private readonly writes: WriteBehind;

  constructor(private readonly folder: DataFolder) {
    this.writes = new WriteBehind(folder.database);
  }

  /** All imports, the oldest first. @throws DatabaseError */
  async list(): Promise<StoredImport[]> {
    const rows = await this.folder.database.readOr([], (database) =>
      database
        .selectFrom('channel_imports')
        .selectAll()
        .orderBy('created_at')
        .orderBy('id')
        .execute(),
    );
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      url: row.url,
      refreshIntervalMs: row.refresh_interval_ms,
      isEnabled: row.is_enabled !== 0,
      createdAtMs: row.created_at,
      triedAtMs: row.tried_at,
      refreshedAtMs: row.refreshed_at,
      error: row.error === null ? null : (JSON.parse(row.error) as StoredImportError),
    }));
  }

  /** Creates or replaces an import. Resolves when it is on the disk. @throws as `Database.change` */
  put(one: StoredImport): Promise<void> {
    const row = {
      name: one.name,
      url: one.url,
      refresh_interval_ms: one.refreshIntervalMs,
      is_enabled: Number(one.isEnabled),
      created_at: one.createdAtMs,
      ...resultOf(one),
    };
    return this.folder.database.change(async (transaction) => {
      await transaction
        .insertInto('channel_imports')
        .values({ id: one.id, ...row })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
        .execute();
    });
  }

  /** Writes the result of the last attempt soon. If the disk refuses it, the write is repeated until it succeeds. */
  noteResult(one: StoredImport): void {
    this.writes.put(one.id, (transaction) =>
      transaction
        .updateTable('channel_imports')
        .set(resultOf(one))
        .where('id', '=', one.id)
        .execute(),
    );
  }

  /** Resolves when all results are written, or were refused. */
  close(): Promise<void> {
    return this.writes.close();
  }
}

function resultOf({ triedAtMs, refreshedAtMs, error }: StoredImport) {
  return {
    tried_at: triedAtMs,
    refreshed_at: refreshedAtMs,
    error: error === null ? null : JSON.stringify(error),
  };
}
