import { sql, type Kysely } from 'kysely';
import type { DataFolder } from './data-folder';
import { jsonEach, toJson } from './database/json-each';
import type { Schema } from './database/schema';
import { readEarlierList } from './persistent-list';
import { WriteBehind } from './write-behind';

/** Earlier releases kept the records in a file of this name. */
const EARLIER_NAME = 'channel-sources';
/** Records per query, because the thread of the database has little memory. */
const BATCH = 2000;

export interface StoredSourceRecord {
  /** `kind:id`. */
  readonly source: string;
}

/** What is known about the sources of channels, one record for each. The product can do without them. */
export class SourceRecordStore {
  private readonly writes: WriteBehind;

  constructor(private readonly folder: DataFolder) {
    this.writes = new WriteBehind(folder.database);
  }

  /** The saved records, unchecked; those of an earlier release if there are none. @throws DatabaseError */
  async list(): Promise<readonly unknown[]> {
    const stored = await this.folder.database.readOr([], list);
    return stored.length > 0 ? stored.map(parse) : this.readEarlier();
  }

  /** Writes the record soon. */
  put({ source, ...record }: StoredSourceRecord): void {
    this.writes.put(source, (transaction) =>
      transaction
        .insertInto('source_records')
        .values({ source, record: toJson({ source, ...record }) })
        .onConflict((conflict) =>
          conflict.column('source').doUpdateSet((is) => ({ record: is.ref('excluded.record') })),
        )
        .execute(),
    );
  }

  /** Removes the record soon. */
  remove(source: string): void {
    this.writes.put(source, (transaction) =>
      transaction.deleteFrom('source_records').where('source', '=', source).execute(),
    );
  }

  /** Resolves when all changes are written, or were refused. */
  close(): Promise<void> {
    return this.writes.close();
  }

  private async readEarlier(): Promise<readonly unknown[]> {
    try {
      const file = await readEarlierList(this.folder, EARLIER_NAME);
      if (file.content === null) return [];
      const records = file.content.filter(isRecord);
      this.writes.put(
        EARLIER_NAME,
        (transaction) =>
          sql`
            INSERT OR IGNORE INTO source_records (source, record)
            SELECT each.value ->> 'source', each.value FROM ${jsonEach(records.map(toJson))}
          `.execute(transaction),
        () => file.retire(),
      );
      return records;
    } catch (error) {
      const reason = (error as Error).message;
      const what = `the file ${EARLIER_NAME}.json cannot be read: it is left alone`;
      this.folder.log.write('warn', { reason }, what);
      return [];
    }
  }
}

function isRecord(value: unknown): value is StoredSourceRecord {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { source?: unknown }).source === 'string'
  );
}

async function list(database: Kysely<Schema>): Promise<string[]> {
  const all: string[] = [];
  for (let last = ''; ;) {
    const batch = await database
      .selectFrom('source_records')
      .selectAll()
      .where('source', '>', last)
      .orderBy('source')
      .limit(BATCH)
      .execute();
    all.push(...batch.map(({ record }) => record));
    if (batch.length < BATCH) return all;
    last = batch.at(-1)?.source ?? '';
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
