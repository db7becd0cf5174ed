import type { DataFolder } from './data-folder';
import { WriteBehind } from './write-behind';

export interface StoredStreamUser {
  readonly id: string;
  readonly name: string;
  /** SHA-256, base64url. */
  readonly secretHash: string;
  /** Encrypted. */
  readonly sealedSecret: string;
  readonly isEnabled: boolean;
  /** Times are ms since 1970. */
  readonly expiresAtMs: number | null;
  readonly maxStreams: number | null;
  readonly cidrs: readonly string[];
  readonly profile: string | null;
  readonly createdAtMs: number;
  readonly lastSeenAtMs: number | null;
}

/** The users of streams. */
export class StreamUserStore {
  private readonly seenWrites: WriteBehind;

  constructor(private readonly folder: DataFolder) {
    this.seenWrites = new WriteBehind(folder.database);
  }

  /** Returns all users, in the order in which they were created. @throws DatabaseError */
  async list(): Promise<StoredStreamUser[]> {
    const rows = await this.folder.database.readOr([], (database) =>
      database.selectFrom('stream_users').selectAll().orderBy('created_at_ms').execute(),
    );
    return rows.map((row) => ({
      id: row.id,
      name: row.name,
      secretHash: row.secret_hash,
      sealedSecret: row.sealed_secret,
      isEnabled: row.is_enabled !== 0,
      expiresAtMs: row.expires_at_ms,
      maxStreams: row.max_streams,
      cidrs: JSON.parse(row.cidrs) as string[],
      profile: row.profile,
      createdAtMs: row.created_at_ms,
      lastSeenAtMs: row.last_seen_at_ms,
    }));
  }

  /** Creates a user, or replaces the one with this id. @throws as `Database.change` */
  async put(user: StoredStreamUser): Promise<void> {
    const { id, ...row } = {
      id: user.id,
      name: user.name,
      secret_hash: user.secretHash,
      sealed_secret: user.sealedSecret,
      is_enabled: user.isEnabled ? 1 : 0,
      expires_at_ms: user.expiresAtMs,
      max_streams: user.maxStreams,
      cidrs: JSON.stringify(user.cidrs),
      profile: user.profile,
      created_at_ms: user.createdAtMs,
      last_seen_at_ms: user.lastSeenAtMs,
    };
    await this.folder.database.change((transaction) =>
      transaction
        .insertInto('stream_users')
        .values({ id, ...row })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
        .execute(),
    );
  }

  /** @throws as `Database.change` */
  async remove(id: string): Promise<void> {
    await this.folder.database.change((transaction) =>
      transaction.deleteFrom('stream_users').where('id', '=', id).execute(),
    );
  }

  /** Writes the time of a request soon. Nobody waits for it. */
  setLastSeen(id: string, lastSeenAtMs: number): void {
    this.seenWrites.put(id, (transaction) =>
      transaction
        .updateTable('stream_users')
        .set({ last_seen_at_ms: lastSeenAtMs })
        .where('id', '=', id)
        .execute(),
    );
  }

  /** Resolves when all times are written, or were refused. */
  close(): Promise<void> {
    return this.seenWrites.close();
  }
}
