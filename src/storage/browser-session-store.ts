import type { DataFolder } from './data-folder';
import { WriteBehind } from './write-behind';

export interface StoredBrowserSession {
  readonly id: string;
  /** HMAC-SHA256 of the secret in the cookie, in hex. */
  readonly digest: string;
  /** What the browser signed in with. */
  readonly origin: 'key' | 'link';
  /** Id of the key that the browser signed in with, or that the link was created with; null for the main key. */
  readonly keyId: string | null;
  /** Wall-clock times, in ms since 1970. */
  readonly createdAtMs: number;
  readonly lastSeenAtMs: number;
  /** Of the browser, when it signed in. */
  readonly address: string;
  readonly userAgent: string;
}

/** The sessions of browsers that have signed in. */
export class BrowserSessionStore {
  private readonly writes: WriteBehind;

  constructor(private readonly folder: DataFolder) {
    this.writes = new WriteBehind(folder.database);
  }

  /** @throws DatabaseError */
  async list(): Promise<StoredBrowserSession[]> {
    const rows = await this.folder.database.readOr([], (database) =>
      database.selectFrom('browser_sessions').selectAll().execute(),
    );
    return rows.map((row) => ({
      id: row.id,
      digest: row.digest,
      origin: row.origin,
      keyId: row.key_id,
      createdAtMs: row.created_at_ms,
      lastSeenAtMs: row.last_seen_at_ms,
      address: row.address,
      userAgent: row.user_agent,
    }));
  }

  /**
   * Creates the session, or replaces the one with this id, soon. Nobody waits for it, so that an operator can sign in
   * while the disk is full.
   */
  putSoon(session: StoredBrowserSession): void {
    const row = {
      id: session.id,
      digest: session.digest,
      origin: session.origin,
      key_id: session.keyId,
      created_at_ms: session.createdAtMs,
      last_seen_at_ms: session.lastSeenAtMs,
      address: session.address,
      user_agent: session.userAgent,
    };
    this.writes.put(session.id, (transaction) =>
      transaction.replaceInto('browser_sessions').values(row).execute(),
    );
  }

  /** Removes sessions that have ended by themselves, soon. */
  removeSoon(id: string): void {
    this.writes.put(id, (transaction) =>
      transaction.deleteFrom('browser_sessions').where('id', '=', id).execute(),
    );
  }

  /** @throws as `Database.change` */
  async remove(id: string): Promise<void> {
    // A waiting write of the session would bring it back.
    this.removeSoon(id);
    await this.folder.database.change((transaction) =>
      transaction.deleteFrom('browser_sessions').where('id', '=', id).execute(),
    );
  }

  /** Resolves when all changes are written, or were refused. */
  close(): Promise<void> {
    return this.writes.close();
  }
}
