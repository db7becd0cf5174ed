import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import Libsql from 'libsql';
import { makeFolder, randomName } from '../file-writes';
import { MIGRATIONS } from './migrations';
import type { Opening, SqlResult, SqlValue } from './protocol';

/** Another process, such as a backup, may hold the database for this long. */
const BUSY_MS = 5000;

const OWNER_ONLY = 0o600;

/** Codes of an error that means a damaged file. libsql gives no code if it cannot open the file at all. */
const DAMAGED = /^SQLITE_(?:CORRUPT|NOTADB)/;

/** The database was written by a newer release, which this release must not change. */
export class NewerDatabaseError extends Error {}

/**
 * The file of the database, with its copy (`NAME.bak`). All methods block, so this runs in a thread of its own.
 *
 * The journal is deleted after each transaction (SQLite's default), not a write-ahead log: the data folder may be on a
 * network share, where a log does not work, and a closed database is one file.
 */
export class DatabaseFile {
  private readonly copyPath: string;
  private database: Libsql.Database | null = null;
  private isReadOnly = false;

  constructor(
    private readonly path: string,
    private readonly migrations = MIGRATIONS,
  ) {
    this.copyPath = `${path}.bak`;
  }

  /**
   * Opens the database, or creates it. A damaged one is kept as `NAME.damaged` and replaced by its copy, or by an empty
   * one. Brings the schema to the version of this release, after a backup (`NAME.v1`, with the old version).
   *
   * @throws NewerDatabaseError; the error of SQLite or of the file system
   */
  async open(): Promise<Opening> {
    await makeFolder(dirname(this.path));
    const damage = this.findDamage();
    const detail = damage === null ? null : this.replaceDamaged(damage);
    const database = this.connect();
    try {
      this.migrate(database);
    } catch (error) {
      database.close();
      throw error;
    }
    this.database = database;
    const { isReadOnly } = this;
    return {
      damage: damage === null ? null : { detail: detail ?? '', reason: damage },
      isReadOnly,
    };
  }

  /** @throws the error of SQLite; TypeError for a parameter that is not an `SqlValue` */
  execute(sql: string, parameters: readonly unknown[]): SqlResult {
    const statement = this.opened.prepare(sql);
    const values = parameters.map(checked);
    if (statement.reader) return { rows: statement.all(values), changes: 0 };
    return { rows: [], changes: statement.run(values).changes };
  }

  /** Replaces the copy by one of the present content. @throws the error of SQLite or of the file system */
  copy(): void {
    const draft = `${this.copyPath}.${randomName()}.tmp`;
    copyDatabase(this.opened, draft);
    renameSync(draft, this.copyPath);
  }

  close(): void {
    this.database?.close();
    this.database = null;
  }

  private get opened(): Libsql.Database {
    if (this.database === null) throw new Error('the database is not open');
    return this.database;
  }

  /** Returns why the file cannot be used; null if it can, or if there is neither a file nor a copy. */
  private findDamage(): string | null {
    if (!existsSync(this.path)) return existsSync(this.copyPath) ? 'it is missing' : null;
    return damageOf(this.path);
  }

  /** Returns a line for the operator. */
  private replaceDamaged(damage: string): string {
    const name = basename(this.path);
    const isMissing = !existsSync(this.path);
    const hasCopy = existsSync(this.copyPath) && damageOf(this.copyPath) === null;
    const aside = isMissing ? null : this.setAside();
    if (hasCopy) {
      const draft = `${this.path}.${randomName()}.tmp`;
      const copy = connectTo(this.copyPath);
      copyDatabase(copy, draft);
      copy.close();
      renameSync(draft, this.path);
    }
    const what = isMissing ? 'is missing' : `is damaged (${damage})`;
    const fate = hasCopy
      ? 'its last good copy is used'
      : 'there is no usable copy, starting without its data';
    const where = aside === null ? '' : `; the damaged file is kept as ${aside}`;
    return `${name} ${what}: ${fate}${where}`;
  }

  /** Returns the name under which the damaged file is kept. Never removes a folder. */
  private setAside(): string {
    const isFolder = statSync(this.path).isDirectory();
    const aside =
      isFolder && existsSync(`${this.path}.damaged`)
        ? `${this.path}.damaged.${randomName()}`
        : `${this.path}.damaged`;
    if (!isFolder) rmSync(aside, { force: true });
    renameSync(this.path, aside);
    // A journal that belongs to the damaged file must not be rolled back into its successor.
    rmSync(`${this.path}-journal`, { force: true });
    return basename(aside);
  }

  private connect(): Libsql.Database {
    const isNew = !existsSync(this.path);
    this.isReadOnly = !isNew && !isWritable(this.path);
    // SQLite would create the file with the rights of other new files.
    if (isNew) closeSync(openSync(this.path, 'a', OWNER_ONLY));
    const database = connectTo(this.path);
    database.exec('PRAGMA foreign_keys = ON');
    return database;
  }

  private migrate(database: Libsql.Database): void {
    const present = versionOf(database);
    const { length } = this.migrations;
    if (present > length) {
      throw new NewerDatabaseError(`its schema version ${present} is newer than ${length}`);
    }
    if (present === length) return;
    if (present > 0) {
      const backup = `${this.path}.v${present}`;
      rmSync(backup, { force: true });
      copyDatabase(database, backup);
    }
    database.exec('BEGIN IMMEDIATE');
    try {
      for (const statement of this.migrations.slice(present).flat()) database.exec(statement);
      database.exec(`PRAGMA user_version = ${length}`);
      database.exec('COMMIT');
    } catch (error) {
      if (database.inTransaction) database.exec('ROLLBACK');
      throw error;
    }
  }
}

/** Returns why a file is no usable database; null if it is one. @throws errors that do not mean damage */
function damageOf(path: string): string | null {
  if (!statSync(path).isFile()) return 'it is no file';
  let database: Libsql.Database | null = null;
  try {
    database = connectTo(path);
    const [row] = database.prepare('PRAGMA quick_check(1)').all() as { quick_check?: string }[];
    const verdict = row?.quick_check ?? 'no answer';
    return verdict === 'ok' ? null : verdict.replace(/\s+/g, ' ');
  } catch (error) {
    const { code, message } = error as { code?: unknown; message: string };
    if (typeof code === 'string' && DAMAGED.test(code)) return message;
    throw error;
  } finally {
    database?.close();
  }
}

/** A file that may not be written is opened for reading; SQLite does that by itself. */
function connectTo(path: string): Libsql.Database {
  const database = new Libsql(path);
  database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
  return database;
}

function versionOf(database: Libsql.Database): number {
  const [row] = database.prepare('PRAGMA user_version').all() as { user_version?: number }[];
  return row?.user_version ?? 0;
}

/** Writes the content of a database to a new file that only the owner can read, and flushes it to the disk. */
export function copyDatabase(database: Libsql.Database, path: string): void {
  const file = openSync(path, 'wx', OWNER_ONLY);
  try {
    // SQLite accepts an empty file.
    database.prepare('VACUUM INTO ?').run([path]);
    fsyncSync(file);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

function isWritable(path: string): boolean {
  try {
    closeSync(openSync(path, 'r+'));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EROFS') return false;
    throw error;
  }
}

function checked(value: unknown): SqlValue {
  if (value === undefined) return null;
  const isAllowed =
    value === null ||
    typeof value === 'string' ||
    typeof value === 'bigint' ||
    (typeof value === 'number' && Number.isFinite(value));
  if (isAllowed) return value;
  throw new TypeError(`a column cannot hold a ${typeof value}`);
}
