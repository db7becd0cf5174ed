import { type AtomicFile, NewerSchemaError } from './atomic-file';
import type { DataFolder } from './data-folder';

export interface PersistentListOptions {
  /** In DATA_DIR. */
  readonly name: string;
  /** All of it as it is now, bounded, as JSON can say it. */
  readonly entries: () => readonly unknown[];
}

const SAVE_AFTER_MS = 5000;
const SCHEMA_VERSION = 1;

/**
 * A memory that is convenient and no more, kept in a file over restarts: saved some seconds after it changed and at the
 * end. A file that cannot be read is as good as none; one of a newer release stays as it is.
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

  /** What was kept; unchecked, and nothing when there is none. Never throws. */
  async read(): Promise<readonly unknown[]> {
    try {
      return (await this.file.read()) ?? [];
    } catch (error) {
      this.isForeign = error instanceof NewerSchemaError;
      const fate = this.isForeign
        ? 'it is neither read nor written'
        : 'starting with an empty list';
      const reason = (error as Error).message;
      this.folder.log.say('warn', { reason }, `${this.options.name} cannot be read: ${fate}`);
      return [];
    }
  }

  /** Something is new: it will be saved. */
  changed(): void {
    if (!this.isForeign && !this.isClosed)
      this.timer ??= setTimeout(() => this.save(), SAVE_AFTER_MS);
  }

  /** Resolves when what was new is saved. What streams that end later say is not kept any more. */
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
