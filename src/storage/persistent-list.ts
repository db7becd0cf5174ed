import { type AtomicFile, NewerSchemaError } from './atomic-file';
import type { DataFolder } from './data-folder';

export interface PersistentListOptions {
  /** File name in DATA_DIR. */
  readonly name: string;
  /** All current entries, bounded in number, as values that JSON can represent. */
  readonly entries: () => readonly unknown[];
}

const SAVE_AFTER_MS = 5000;
const SCHEMA_VERSION = 1;

/**
 * A list that is kept in a file, and without which the product works too. It is saved some seconds after a change,
 * and when it is closed. A file that cannot be read counts as an empty list. The file of a newer release stays
 * unchanged.
 */
export class PersistentList {
  private readonly file: AtomicFile<readonly unknown[]>;
  private timer: NodeJS.Timeout | null = null;
  private isForeign = false;
  private isClosed = false;

  constructor(
    private readonly folder: DataFolder,
    private readonly options: PersistentListOptions,
  ) {
    const { name } = options;
    this.file = folder.file({
      name,
      parse,
      ifLost: 'there is no usable copy, starting with an empty list',
    });
  }

  /** The saved entries, unchecked; none if there is no file. Never throws. */
  async read(): Promise<readonly unknown[]> {
    try {
      return (await this.file.read()) ?? [];
    } catch (error) {
      this.isForeign = error instanceof NewerSchemaError;
      const fate = this.isForeign
        ? 'it is neither read nor written'
        : 'starting with an empty list';
      const reason = (error as Error).message;
      this.folder.log.write('warn', { reason }, `${this.options.name} cannot be read: ${fate}`);
      return [];
    }
  }

  /** Marks the list as changed, so that it is saved soon. */
  changed(): void {
    if (!this.isForeign && !this.isClosed)
      this.timer ??= setTimeout(() => this.save(), SAVE_AFTER_MS);
  }

  /** Resolves when all changes are saved. Later changes are not saved any more. */
  async close(): Promise<void> {
    this.isClosed = true;
    if (this.timer !== null) {
      clearTimeout(this.timer);
      this.save();
    }
    await this.file.close();
  }

  private save(): void {
    this.timer = null;
    this.file.save(JSON.stringify({ version: SCHEMA_VERSION, entries: this.options.entries() }));
  }
}

function parse(text: string): unknown[] {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new Error('not an object');
  const { version, entries } = value as { version?: unknown; entries?: unknown };
  if (typeof version === 'number' && version > SCHEMA_VERSION) {
    throw new NewerSchemaError(`version ${version} is newer than ${SCHEMA_VERSION}`);
  }
  if (version !== SCHEMA_VERSION) throw new Error('the schema version is not known');
  if (!Array.isArray(entries)) throw new Error('entries are missing');
  return entries;
}
