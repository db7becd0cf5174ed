import type { DataFolder } from './data-folder';
import { WriteBehind } from './write-behind';

/** Short texts by name that belong to the installation. */
export class SmallValues {
  private readonly writes: WriteBehind;

  constructor(private readonly folder: DataFolder) {
    this.writes = new WriteBehind(folder.database);
  }

  /** Null if there is none. @throws DatabaseError */
  async get(name: string): Promise<string | null> {
    const rows = await this.folder.database.readOr([], (database) =>
      database.selectFrom('small_values').select('value').where('name', '=', name).execute(),
    );
    return rows[0]?.value ?? null;
  }

  /** Writes the value soon. If the disk refuses it, the write is repeated until it succeeds. */
  set(name: string, value: string): void {
    this.writes.put(name, (transaction) =>
      transaction
        .insertInto('small_values')
        .values({ name, value })
        .onConflict((conflict) => conflict.column('name').doUpdateSet({ value }))
        .execute(),
    );
  }

  /** Resolves when all values are written, or were refused. */
  close(): Promise<void> {
    return this.writes.close();
  }
}
