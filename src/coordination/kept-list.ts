import { readFile, stat } from 'node:fs/promises';
import { replaceKeptText } from './kept-file';

export interface KeptListOptions {
  readonly path: string;
  /** What is remembered, in words for the log: `remembered infohashes`. */
  readonly words: string;
  readonly log: { warn(facts: object, message: string): void };
  /** All of it as it is now, bounded, as JSON can say it. */
  readonly entries: () => readonly unknown[];
}

const SAVE_AFTER_MS = 5000;
const SCHEMA_VERSION = 1;
/** What is larger was not written here. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/**
 * A memory that is convenient and no more, kept in a file over restarts: saved some seconds after it changed and at the
 * end, whole or not at all. A file that can not be read is as good as none; one of a newer product stays as it is.
 */
export class KeptList {
  private timer: NodeJS.Timeout | null = null;
  private isForeign = false;
  private isClosed = false;
  private saving: Promise<void> = Promise.resolve();

  constructor(private readonly options: KeptListOptions) {}

  /** What was kept; unchecked, and nothing when there is none. Never throws. */
  async read(): Promise<readonly unknown[]> {
    const { path, words, log } = this.options;
    try {
      const { size } = await stat(path);
      if (size > MAX_FILE_BYTES) throw new Error('it is too large');
      return parse(await readFile(path, 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      this.isForeign = error instanceof NewerSchemaError;
      const fate = this.isForeign
        ? 'of a newer version: they are neither read nor written'
        : 'unreadable, starting without';
      log.warn({ file: path, reason: (error as Error).message }, `${words} are ${fate}`);
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
    await this.saving;
  }

  private save(): void {
    this.timer = null;
    const text = JSON.stringify({ version: SCHEMA_VERSION, entries: this.options.entries() });
    this.saving = this.saving.then(() => this.write(text));
  }

  private async write(text: string): Promise<void> {
    const { path, words, log } = this.options;
    try {
      await replaceKeptText(path, text);
    } catch (error) {
      log.warn({ file: path, reason: (error as Error).message }, `${words} could not be saved`);
    }
  }
}

class NewerSchemaError extends Error {
  constructor(version: number) {
    super(`schema version ${version} is newer than ${SCHEMA_VERSION}`);
    this.name = 'NewerSchemaError';
  }
}

function parse(text: string): unknown[] {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new Error('not an object');
  const { version, entries } = value as { version?: unknown; entries?: unknown };
  if (typeof version === 'number' && version > SCHEMA_VERSION) throw new NewerSchemaError(version);
  if (version !== SCHEMA_VERSION) throw new Error('the schema version is not known');
  if (!Array.isArray(entries)) throw new Error('entries are missing');
  return entries;
}
