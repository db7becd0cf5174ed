import type { DataFolder } from './data-folder';
import { toJson } from './database/json-each';
import { WriteBehind } from './write-behind';

export interface StoredIncident {
  readonly key: string;
  /** As values that JSON can represent. */
  readonly state: unknown;
}

/** The incidents that receivers of webhooks have heard of. */
export class WebhookIncidentStore {
  private readonly writes: WriteBehind;

  constructor(private readonly folder: DataFolder) {
    this.writes = new WriteBehind(folder.database);
  }

  /** @throws DatabaseError */
  async list(): Promise<StoredIncident[]> {
    const rows = await this.folder.database.readOr([], (database) =>
      database.selectFrom('webhook_incidents').selectAll().execute(),
    );
    return rows.map(({ key, state }) => ({ key, state: JSON.parse(state) as unknown }));
  }

  /** Writes an incident soon. */
  put({ key, state }: StoredIncident): void {
    const row = { key, state: toJson(state) };
    this.writes.put(key, (transaction) =>
      transaction.replaceInto('webhook_incidents').values(row).execute(),
    );
  }

  /** Removes an incident soon. */
  remove(key: string): void {
    this.writes.put(key, (transaction) =>
      transaction.deleteFrom('webhook_incidents').where('key', '=', key).execute(),
    );
  }

  /** Resolves when everything is written, or was refused. */
  close(): Promise<void> {
    return this.writes.close();
  }
}
