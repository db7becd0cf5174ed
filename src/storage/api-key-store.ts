import type { DataFolder } from './data-folder';
import { WriteBehind } from './write-behind';

export interface StoredApiKey {
  readonly id: string;
  readonly name: string;
  readonly scope: 'read' | 'operate' | 'admin';
  /** SHA-256 of the secret, in hex. */
  readonly digest: string;
  /** Wall-clock times, in ms since 1970. */
  readonly createdAtMs: number;
  /** Null: the key does not expire. */
  readonly expiresAtMs: number | null;
  readonly lastUsedAtMs: number | null;
}

/** The API keys that were created with the API. */
export class ApiKeyStore {
  private readonly uses: WriteBehind;

  constructor(private readonly folder: DataFolder) {
    this.uses = new WriteBehind(folder.database);
  }

  /** @throws DatabaseError */
  async list(): Promise<StoredApiKey[]> {
    const rows = await this.folder.database.readOr([], (database) =>
      database.selectFrom('api_keys').selectAll().execute(),
    );
    return rows.map(({ created_at_ms, expires_at_ms, last_used_at_ms, ...row }) => ({
      ...row,
      createdAtMs: created_at_ms,
      expiresAtMs: expires_at_ms,
      lastUsedAtMs: last_used_at_ms,
    }));
  }

  /** Creates the key, or replaces the one with this id. @throws as `Database.change` */
  put({ createdAtMs, expiresAtMs, lastUsedAtMs, ...rest }: StoredApiKey): Promise<void> {
    const row = {
      ...rest,
      created_at_ms: createdAtMs,
      expires_at_ms: expiresAtMs,
      last_used_at_ms: lastUsedAtMs,
    };
    return this.folder.database.change(async (transaction) => {
      await transaction.replaceInto('api_keys').values(row).execute();
    });
  }

  /** @throws as `Database.change` */
  remove(id: string): Promise<void> {
    return this.folder.database.change(async (transaction) => {
      await transaction.deleteFrom('api_keys').where('id', '=', id).execute();
    });
  }

  /** Writes the time of a use soon. */
  noteUse(id: string, atMs: number): void {
    this.uses.put(id, (transaction) =>
      transaction
        .updateTable('api_keys')
        .set({ last_used_at_ms: atMs })
        .where('id', '=', id)
        .execute(),
    );
  }

  /** Resolves when the uses are written, or were refused. */
  close(): Promise<void> {
    return this.uses.close();
  }
}
