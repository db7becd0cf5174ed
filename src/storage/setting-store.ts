import type { DataFolder } from './data-folder';

/** The settings that were changed with the API: texts by the names of their variables. */
export class SettingStore {
  constructor(private readonly folder: DataFolder) {}

  /** @throws DatabaseError */
  async list(): Promise<ReadonlyMap<string, string>> {
    const rows = await this.folder.database.readOr([], (database) =>
      database.selectFrom('settings').selectAll().orderBy('name').execute(),
    );
    return new Map(rows.map(({ name, value }) => [name, value]));
  }

  /** Writes all changes or none; null removes a setting. @throws as `Database.change` */
  async write(changes: ReadonlyMap<string, string | null>): Promise<void> {
    await this.folder.database.change(async (transaction) => {
      for (const [name, value] of changes) {
        await transaction.deleteFrom('settings').where('name', '=', name).execute();
        if (value === null) continue;
        await transaction.insertInto('settings').values({ name, value }).execute();
      }
    });
  }
}
