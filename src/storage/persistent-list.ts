import type { DataFolder } from './data-folder';
import { NewerSchemaError } from './atomic-file';
import { jsonEach, toJson } from './database/json-each';
import type { EarlierFile } from './earlier-file';
import { WriteBehind } from './write-behind';

export interface PersistentListOptions {
  readonly name: string;
  /** All current entries, bounded in number, as values that JSON can represent. */
  readonly entries: () => readonly unknown[];
}

const SAVE_AFTER_MS = 5000;
/** Schema version of the file in which earlier releases kept a list. */
const FILE_VERSION = 1;

/**
 * A list that survives restarts and that the product can do without. It is saved some seconds after a change, and at the
 * end. A list that cannot be read counts as empty.
 */
export class PersistentList {
  private readonly writes: WriteBehind;
  private timer: NodeJS.Timeout | null = null;
  private isClosed = false;

  constructor(
    private readonly folder: DataFolder,
    private readonly options: PersistentListOptions,
  ) {
    this.writes = new WriteBehind(folder.database);
  }

  /** The saved entries, unchecked. Never throws. */
  async read(): Promise<readonly unknown[]> {
    try {
      const rows = await this.folder.database.readOr([], (database) =>
        database
          .selectFrom('list_entries')
          .select('entry')
          .where('list', '=', this.options.name)
          .orderBy('position')
          .execute(),
      );
      return rows.length > 0
        ? rows.map(({ entry }) => JSON.parse(entry) as unknown)
        : await this.readEarlier();
    } catch (error) {
      this.warn(error);
      return [];
    }
  }

  /** Marks the list as changed, so that it is saved soon. */
  changed(): void {
    if (!this.isClosed) this.timer ??= setTimeout(() => this.save(), SAVE_AFTER_MS);
  }

  /** Resolves when all changes are saved, or were refused. Later changes are not saved any more. */
  async close(): Promise<void> {
    this.isClosed = true;
    if (this.timer !== null) {
      clearTimeout(this.timer);
      this.save();
    }
    await this.writes.close();
  }

  private async readEarlier(): Promise<readonly unknown[]> {
    const file = await readEarlierList(this.folder, this.options.name);
    if (file.content === null) return [];
    this.write(file.content, () => file.retire());
    return file.content;
  }

  private save(): void {
    this.timer = null;
    this.write(this.options.entries());
  }

  private write(entries: readonly unknown[], done?: () => Promise<void>): void {
    const { name } = this.options;
    const texts = entries.map(toJson);
    this.writes.put(
      name,
      async (transaction) => {
        await transaction.deleteFrom('list_entries').where('list', '=', name).execute();
        await transaction
          .insertInto('list_entries')
          .columns(['list', 'position', 'entry'])
          .expression((query) =>
            query
              .selectFrom(jsonEach(texts))
              .select((is) => [
                is.val(name).as('list'),
                is.ref('each.key').as('position'),
                is.ref('each.value').as('entry'),
              ]),
          )
          .execute();
      },
      done,
    );
  }

  private warn(error: unknown): void {
    const fate =
      error instanceof NewerSchemaError
        ? 'it is neither read nor written'
        : 'starting with an empty list';
    const reason = (error as Error).message;
    this.folder.log.write(
      'warn',
      { reason },
      `the list ${this.options.name} cannot be read: ${fate}`,
    );
  }
}

/** Reads the file in which earlier releases kept a list. @throws NewerSchemaError */
export function readEarlierList(
  folder: DataFolder,
  name: string,
): Promise<EarlierFile<readonly unknown[]>> {
  return folder.earlierFile({
    name: `${name}.json`,
    parse,
    ifLost: 'there is no usable copy, starting with an empty list',
  });
}

function parse(text: string): unknown[] {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new Error('not an object');
  const { version, entries } = value as { version?: unknown; entries?: unknown };
  if (typeof version === 'number' && version > FILE_VERSION) {
    throw new NewerSchemaError(`version ${version} is newer than ${FILE_VERSION}`);
  }
  if (version !== FILE_VERSION) throw new Error('the schema version is not known');
  if (!Array.isArray(entries)) throw new Error('entries are missing');
  return entries;
}
