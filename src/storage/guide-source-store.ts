import type { DataFolder } from './data-folder';
import { toJson } from './database/json-each';
import { WriteBehind } from './write-behind';

export interface StoredGuideSource {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly refreshIntervalS: number;
  readonly isEnabled: boolean;
  /** What the last refreshes have found, as values that JSON can represent; null before the first one. */
  readonly state: unknown;
}

/** The sources of the guide, in the order in which they were created. */
export class GuideSourceStore {
  private readonly states: WriteBehind;

  constructor(private readonly folder: DataFolder) {
    this.states = new WriteBehind(folder.database);
  }

  /** @throws DatabaseError */
  async list(): Promise<StoredGuideSource[]> {
    const rows = await this.folder.database.readOr([], (database) =>
      database.selectFrom('guide_sources').selectAll().orderBy('position').execute(),
    );
    return rows.map(({ id, name, url, refresh_interval_s, is_enabled, state }) => ({
      ...{ id, name, url, refreshIntervalS: refresh_interval_s, isEnabled: is_enabled !== 0 },
      state: state === null ? null : (JSON.parse(state) as unknown),
    }));
  }

  /** Creates a source, or replaces the one with this id except for its state. @throws as `Database.change` */
  async put({ id, name, url, refreshIntervalS, isEnabled }: StoredGuideSource): Promise<void> {
    const row = { name, url, refresh_interval_s: refreshIntervalS, is_enabled: Number(isEnabled) };
    await this.folder.database.change((transaction) =>
      transaction
        .insertInto('guide_sources')
        .values({ id, ...row, state: null })
        .onConflict((conflict) => conflict.column('id').doUpdateSet(row))
        .execute(),
    );
  }

  /** @throws as `Database.change` */
  async remove(id: string): Promise<void> {
    await this.folder.database.change((transaction) =>
      transaction.deleteFrom('guide_sources').where('id', '=', id).execute(),
    );
  }

  /** Writes the state soon. */
  setState(id: string, state: unknown): void {
    const text = state === null ? null : toJson(state);
    this.states.put(id, (transaction) =>
      transaction.updateTable('guide_sources').set({ state: text }).where('id', '=', id).execute(),
    );
  }

  /** Resolves when all states are written, or were refused. */
  close(): Promise<void> {
    return this.states.close();
  }
}
