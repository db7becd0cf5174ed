import { isUtf8 } from 'node:buffer';
import { readFile, stat, unlink } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { SerialQueue } from '../kernel/serial-queue';
import { createFile, errnoOf, replaceFile, setAside } from './file-writes';
import type { StorageLog } from './storage-log';
import { type StorageTrouble, writeTrouble } from './storage-trouble';

/** Interval between two attempts to write a text that could not be written. */
export const RETRY_MS = 2000;

const MAX_BYTES = 16 * 1024 * 1024;

/** Error codes that mean a damaged file: the disk could not read it, or it is a link to itself. */
const DAMAGE: ReadonlySet<string> = new Set(['EIO', 'ELOOP']);

/** The file was written by a newer release; this release must not overwrite it. */
export class NewerSchemaError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'NewerSchemaError';
  }
}

export interface AtomicFileOptions<T> {
  /** File name in DATA_DIR. */
  readonly name: string;
  /** @throws NewerSchemaError; any other error means that the text is damaged */
  readonly parse: (text: string) => T;
  /** What happens if the file is damaged and has no good copy; it completes the log line about the damage. */
  readonly ifLost: string;
  /** Maximum length of the file. A longer one was not written by this program. */
  readonly maxBytes?: number;
  /** True: if the file is missing, `obtain` generates a new text. False: a missing file is restored from its copy. */
  readonly isMadeAnewWhenMissing?: boolean;
}

type Loaded<T> =
  | { readonly kind: 'good'; readonly text: string; readonly value: T }
  | { readonly kind: 'missing' | 'damaged'; readonly reason: string };

/**
 * A small file in DATA_DIR that is replaced as a whole: the new text is written under another name, flushed to the
 * disk and renamed. The last good text also exists as a copy (`NAME.bak`), because some disks report writes that they
 * have not made. A damaged file is restored from the copy and kept as `NAME.damaged`. Failed writes are repeated
 * until they succeed.
 */
export class AtomicFile<T> {
  private readonly path: string;
  private readonly copyPath: string;
  private readonly pending: Record<'text' | 'copy', string | null> = { text: null, copy: null };
  private readonly queue = new SerialQueue();
  private isQueued = false;
  private retry: NodeJS.Timeout | null = null;
  private isClosed = false;
  private unwritten: StorageTrouble | null = null;
  private damage: StorageTrouble | null = null;

  constructor(
    folder: string,
    private readonly options: AtomicFileOptions<T>,
    private readonly log: StorageLog,
  ) {
    this.path = join(folder, options.name);
    this.copyPath = `${this.path}.bak`;
  }

  get troubles(): StorageTrouble[] {
    return [this.unwritten, this.damage].filter((trouble) => trouble !== null);
  }

  /**
   * Returns the parsed text of the file. If the file is damaged or missing, returns that of its copy, except for a
   * missing file that is made anew. Null if there is no good text. Problems are logged, and listed in `troubles`
   * until the process ends.
   *
   * @throws NewerSchemaError; the error of the file system if the file exists but may not be read
   */
  async read(): Promise<T | null> {
    const file = await this.load(this.path);
    if (file.kind === 'missing' && this.options.isMadeAnewWhenMissing === true) return null;
    const copy = await this.loadCopy(file);
    if (file.kind === 'good' && !isCutOff(file, copy)) {
      if (copy.kind !== 'good' || copy.text !== file.text) this.keep('copy', file.text);
      return file.value;
    }
    if (file.kind === 'missing' && copy.kind !== 'good') return null;
    await this.noteDamage(file, copy);
    if (copy.kind !== 'good') return null;
    this.keep('text', copy.text);
    return copy.value;
  }

  /**
   * Returns the parsed text of the file. If there is none, writes the text from `make` and returns it parsed; on a
   * full disk the text is written as soon as there is space. If two processes do this at once in one folder, the
   * second one reads the text of the first.
   *
   * @throws as `read` does, and if the file system refuses the new text for another reason than lack of space
   */
  obtain(make: () => string): Promise<T> {
    // In the queue, so that `settled` waits for it: a start that fails elsewhere must not leave a draft.
    return this.queue.run(async () => {
      const kept = await this.read();
      if (kept !== null) return kept;
      const text = make();
      if (!(await this.create(text))) {
        const winner = await this.read();
        if (winner !== null) return winner;
        // A broken symbolic link has the file's name: nothing can be read, but no file can be created. Replace it.
        this.pending.text = text;
      }
      await this.writePending();
      return this.options.parse(text);
    });
  }

  /** Resolves when all pending texts are written, or could not be written. */
  settled(): Promise<void> {
    return this.queue.settled();
  }

  /** Does what `settled` does. A text that could not be written is not tried again. */
  async close(): Promise<void> {
    this.isClosed = true;
    await this.settled();
    if (this.retry !== null) clearTimeout(this.retry);
    this.retry = null;
  }

  /** Creates the file; on a full disk, its text stays pending instead. Returns false if the file's name is taken. */
  private async create(text: string): Promise<boolean> {
    try {
      const isNew = await createFile(this.path, text);
      if (isNew) this.pending.copy = text;
      return isNew;
    } catch (error) {
      if (writeTrouble(this.options.name, error)?.code !== 'storage_full') throw error;
      this.pending.text = text;
      return true;
    }
  }

  private async load(path: string): Promise<Loaded<T>> {
    const { maxBytes = MAX_BYTES, parse } = this.options;
    try {
      const found = await stat(path);
      // Reading a pipe would never end. Docker creates a folder if the file that it should mount is missing.
      if (!found.isFile()) return { kind: 'damaged', reason: 'it is no file' };
      if (found.size > maxBytes) return { kind: 'damaged', reason: 'it is too large' };
      const bytes = await readFile(path);
      if (!isUtf8(bytes)) return { kind: 'damaged', reason: 'it is not text' };
      const text = bytes.toString('utf8');
      return { kind: 'good', text, value: parse(text) };
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === 'ENOENT') return { kind: 'missing', reason: 'it is missing' };
      // Any other error of the file system means missing rights, not damage.
      if (error instanceof NewerSchemaError || (errno !== null && !DAMAGE.has(errno))) throw error;
      return { kind: 'damaged', reason: (error as Error).message };
    }
  }

  /** Loads the copy. If it cannot be read, that matters only if the file itself is not good. */
  private async loadCopy(file: Loaded<T>): Promise<Loaded<T>> {
    try {
      return await this.load(this.copyPath);
    } catch (error) {
      if (file.kind !== 'good') throw error;
      return { kind: 'damaged', reason: (error as Error).message };
    }
  }

  private async noteDamage(file: Loaded<T>, copy: Loaded<T>): Promise<void> {
    const { name, ifLost } = this.options;
    const isMissing = file.kind === 'missing';
    const what = isMissing ? 'is missing' : 'is damaged';
    const fate = copy.kind === 'good' ? 'its last good copy is used' : ifLost;
    const aside = isMissing ? null : await this.setAside(copy.kind === 'good');
    const where = aside === null ? '' : `; the damaged file is kept as ${aside}`;
    this.damage = { code: 'storage_damaged', detail: `${name} ${what}: ${fate}${where}` };
    const reason = file.kind === 'good' ? 'it ends early' : file.reason;
    this.log.write('error', { file: this.path, reason }, this.damage.detail);
  }

  /**
   * Keeps a damaged file under another name.
   *
   * @param isRestored false if no good text replaces the file. It is then moved away, because the next start would
   *   otherwise find it damaged again
   * @returns the new name of the damaged file; null if the file system refused
   */
  private async setAside(isRestored: boolean): Promise<string | null> {
    try {
      const aside = await setAside(this.path, `${this.path}.damaged`);
      if (!isRestored) await unlink(this.path).catch(() => undefined);
      return basename(aside);
    } catch {
      return null;
    }
  }

  private keep(part: 'text' | 'copy', text: string): void {
    this.pending[part] = text;
    if (this.isQueued || this.isClosed) return;
    this.isQueued = true;
    void this.queue.run(() => {
      // A text that is saved from now on is written by this call or by the next one.
      this.isQueued = false;
      return this.writePending();
    });
  }

  /** Never rejects. */
  private async writePending(): Promise<void> {
    try {
      while (await this.writeNext());
      this.recovered();
    } catch (error) {
      this.failed(error);
    }
  }

  private async writeNext(): Promise<boolean> {
    const { text, copy } = this.pending;
    if (text !== null) {
      await replaceFile(this.path, text);
      this.done('text', text);
      this.pending.copy = text;
    } else if (copy !== null) {
      await replaceFile(this.copyPath, copy);
      this.done('copy', copy);
    } else {
      return false;
    }
    return true;
  }

  /** A newer text may have been saved meanwhile. */
  private done(part: 'text' | 'copy', text: string): void {
    if (this.pending[part] === text) this.pending[part] = null;
  }

  private failed(error: unknown): void {
    const { name } = this.options;
    const detail = `${name} cannot be written: ${String(error)}`;
    const trouble = writeTrouble(name, error) ?? { code: 'storage_failed', detail };
    if (this.unwritten === null) this.log.write('error', { file: this.path }, trouble.detail);
    this.unwritten = trouble;
    if (this.isClosed) return;
    this.retry ??= setTimeout(() => {
      this.retry = null;
      void this.queue.run(() => this.writePending());
    }, RETRY_MS).unref();
  }

  private recovered(): void {
    if (this.unwritten === null) return;
    this.unwritten = null;
    this.log.write('log', { file: this.path }, `${this.options.name} can be written again`);
  }
}

/** True if the file contains only the beginning of the copy. Such a text may look complete, like half a key. */
function isCutOff<T>(file: Loaded<T>, copy: Loaded<T>): boolean {
  if (file.kind !== 'good' || copy.kind !== 'good') return false;
  return copy.text.length > file.text.length && copy.text.startsWith(file.text);
}
