import type { DataFolder } from './data-folder';

/** A named part of the channels. */
export interface StoredProfile<Rule> {
  readonly name: string;
  /** Plain JSON. */
  readonly rule: Rule;
  /** By which media servers know its tuner. */
  readonly deviceId: string;
}

/** The profiles of playlists. */
export class ProfileStore<Rule> {
  constructor(private readonly folder: DataFolder) {}

  /** All profiles by name. @throws DatabaseError */
  async list(): Promise<StoredProfile<Rule>[]> {
    const rows = await this.folder.database.readOr([], (database) =>
      database.selectFrom('profiles').selectAll().orderBy('name').execute(),
    );
    return rows.map((row) => ({
      name: row.name,
      rule: JSON.parse(row.rule) as Rule,
      deviceId: row.device_id,
    }));
  }

  /** Creates or replaces a profile. @throws as `Database.change` */
  put({ name, rule, deviceId }: StoredProfile<Rule>): Promise<void> {
    const row = { rule: JSON.stringify(rule), device_id: deviceId };
    return this.folder.database.change(async (transaction) => {
      await transaction
        .insertInto('profiles')
        .values({ name, ...row })
        .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
        .execute();
    });
  }

  /** @throws as `Database.change` */
  remove(name: string): Promise<void> {
    return this.folder.database.change(async (transaction) => {
      await transaction.deleteFrom('profiles').where('name', '=', name).execute();
    });
  }
}
