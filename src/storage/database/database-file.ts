import { isUtf8 } from 'node:buffer';
import {
  closeSync,
  existsSync,
  fsyncSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { basename, dirname } from 'node:path';
import Libsql from 'libsql';
import { makeFolder, randomName } from '../file-writes';
import { MIGRATIONS } from './migrations';
import type { Opening, SqlResult, SqlValue } from './protocol';

/** Another process, such as a backup, may hold the database for this long. */
const BUSY_MS = 5000;

const OWNER_ONLY = 0o600;

/** Rows whose texts are checked at once, because a table of a million events must not be in memory as a whole. */
const CHECKED_AT_ONCE = 10_000;

/** Large tables of data that may be lost with a damaged database. A copy with them would write for seconds. */
const UNCOPIED_TABLES: ReadonlySet<string> = new Set([
  'events',
  'history_streams',
  'history_series',
  'webhook_deliveries',
]);

/** Codes of an error that means a damaged file. libsql gives no code if it cannot open the file at all. */
const DAMAGED = /^SQLITE_(?:CORRUPT|NOTADB)/;

export type Connection = Libsql.Database;

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
  private database: Connection | null = null;
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

  /** @throws the error of SQLite */
  execute(sql: string, values: readonly SqlValue[]): SqlResult {
    const statement = this.opened.prepare(sql);
    if (statement.reader) return { rows: statement.all(values), changes: 0 };
    return { rows: [], changes: statement.run(values).changes };
  }

  /** Replaces the copy by one of the present content. @throws the error of SQLite or of the file system */
  copy(): void {
    const draft = `${this.copyPath}.${randomName()}.tmp`;
    this.copySmallTables(draft);
    if (isFolder(this.copyPath)) setAside(this.copyPath);
    renameSync(draft, this.copyPath);
  }

  /** Writes the content but for the `UNCOPIED_TABLES` to a new file that only the owner can read, and flushes it. */
  private copySmallTables(path: string): void {
    const file = openSync(path, 'wx', OWNER_ONLY);
    try {
      const copy = connectTo(path);
      try {
        copy.exec('PRAGMA foreign_keys = OFF');
        copy.exec('PRAGMA journal_mode = OFF');
        copy.prepare('ATTACH ? AS source').run([this.path]);
        copy.exec('BEGIN');
        for (const statement of this.migrations.flat()) copy.exec(statement);
        for (const table of tablesOf(copy).filter((name) => !UNCOPIED_TABLES.has(name))) {
          copy.exec(`INSERT INTO main."${table}" SELECT * FROM source."${table}"`);
        }
        copy.exec(`PRAGMA user_version = ${this.migrations.length}`);
        copy.exec('COMMIT');
      } finally {
        copy.close();
      }
      fsyncSync(file);
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    } finally {
      closeSync(file);
    }
  }

  close(): void {
    this.database?.close();
    this.database = null;
  }

  private get opened(): Connection {
    if (this.database === null) throw new Error('the database is not open');
    return this.database;
  }

  /** Returns why the file cannot be used; null if it can, or if there is neither a file nor a copy. */
  private findDamage(): string | null {
    if (isMissing(this.path)) return existsSync(this.copyPath) ? 'it is missing' : null;
    // SQLite accepts an empty file as a new database.
    const isEmpty = sizeOf(this.path) === 0 && this.hasCopy();
    return isEmpty ? 'it is empty' : damageOf(this.path);
  }

  private hasCopy(): boolean {
    return existsSync(this.copyPath) && damageOf(this.copyPath) === null;
  }

  /** Returns a line for the operator. */
  private replaceDamaged(damage: string): string {
    const name = basename(this.path);
    const wasMissing = isMissing(this.path);
    const hasCopy = this.hasCopy();
    const aside = wasMissing ? null : setAside(this.path);
    // A journal that belongs to the damaged file must not be rolled back into its successor.
    rmSync(`${this.path}-journal`, { force: true });
    if (hasCopy) this.restore();
    const what = wasMissing ? 'is missing' : `is damaged (${damage})`;
    const fate = hasCopy
      ? 'its last good copy is used'
      : 'there is no usable copy, starting without its data';
    const where = aside === null ? '' : `; the damaged file is kept as ${aside}`;
    return `${name} ${what}: ${fate}${where}`;
  }

  private restore(): void {
    const draft = `${this.path}.${randomName()}.tmp`;
    const copy = connectTo(this.copyPath);
    try {
      copyDatabase(copy, draft);
      renameSync(draft, this.path);
    } catch {
      // There is no space for a second file. A new copy is written as soon as there is.
      renameSync(this.copyPath, this.path);
    } finally {
      copy.close();
    }
  }

  private connect(): Connection {
    const isNew = !existsSync(this.path);
    this.isReadOnly = !isNew && !isWritable(this.path);
    // SQLite would create the file with the rights of other new files.
    if (isNew) closeSync(openSync(this.path, 'a', OWNER_ONLY));
    const database = connectTo(this.path);
    database.exec('PRAGMA foreign_keys = ON');
    return database;
  }

  private migrate(database: Connection): void {
    const present = versionOf(database);
    const { length } = this.migrations;
    if (present > length) {
      throw new NewerDatabaseError(`its schema version ${present} is newer than ${length}`);
    }
    if (present === length) return;
    try {
      if (present > 0) this.keepVersion(database, present);
      database.exec('BEGIN IMMEDIATE');
      for (const statement of this.migrations.slice(present).flat()) database.exec(statement);
      database.exec(`PRAGMA user_version = ${length}`);
      database.exec('COMMIT');
    } catch (error) {
      if (database.inTransaction) database.exec('ROLLBACK');
      if (present > 0 && error instanceof Error) {
        error.message = `its upgrade to schema version ${length} has failed, and it is as it was: ${error.message}`;
      }
      throw error;
    }
  }

  /** Writes a backup that an earlier release can use. */
  private keepVersion(database: Connection, version: number): void {
    const backup = `${this.path}.v${version}`;
    rmSync(backup, { force: true });
    copyDatabase(database, backup);
  }
}

function tablesOf(database: Connection): string[] {
  const query =
    "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
  return (database.prepare(query).all() as { name: string }[]).map(({ name }) => name);
}

/** Renames a damaged file. Never removes a folder. Returns the new name. */
function setAside(path: string): string {
  const usual = `${path}.damaged`;
  const aside = isFolder(usual) ? `${usual}.${randomName()}` : usual;
  // A file is replaced by a file; a folder is not.
  if (isFolder(path)) rmSync(aside, { force: true });
  renameSync(path, aside);
  return basename(aside);
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** A link to itself is not missing. */
function isMissing(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ELOOP') return false;
    throw error;
  }
}

function isRegularFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile();
}

function sizeOf(path: string): number | null {
  const found = lstatSync(path);
  return found.isFile() ? found.size : null;
}

/** Returns why a file is no usable database; null if it is one. @throws errors that do not mean damage */
export function damageOf(path: string): string | null {
  if (!isRegularFile(path)) return 'it is no file';
  let database: Connection | null = null;
  try {
    database = connectTo(path);
    const [row] = database.prepare('PRAGMA quick_check(1)').all() as { quick_check?: string }[];
    const verdict = row?.quick_check ?? 'no answer';
    if (verdict !== 'ok') return verdict.replace(/\s+/g, ' ');
    return hasBrokenText(database) ? 'one of its texts is not UTF-8' : null;
  } catch (error) {
    const { code, message } = error as { code?: unknown; message: string };
    if (typeof code === 'string' && DAMAGED.test(code)) return message;
    throw error;
  } finally {
    database?.close();
  }
}

/**
 * SQLite does not check texts. libsql aborts the process when it reads one that is not UTF-8, and cuts off one with a
 * NUL character, which is never written. So texts are read as bytes here.
 */
function hasBrokenText(database: Connection): boolean {
  const columns = database
    .prepare(
      `SELECT t.name AS "table", c.name AS "column", c.pk = 1 AND c.type = 'INTEGER' AS "isKey"
       FROM sqlite_schema AS t, pragma_table_info(t.name) AS c WHERE t.type = 'table'`,
    )
    .all([]) as { table: string; column: string; isKey: number }[];
  return [...new Set(columns.map(({ table }) => table))].some((table) => {
    const own = columns.filter((one) => one.table === table);
    const key = own.find(({ isKey }) => isKey === 1)?.column;
    const names = own.map(({ column }) => `"${column}"`);
    return partsOf(database, table, key).some((part) => hasBrokenTextIn(database, names, part));
  });
}

/** Rows of a table as SQL, and the values in it. */
interface TablePart {
  readonly from: string;
  readonly values: readonly number[];
}

/** The whole table, or by an integer key parts of about `CHECKED_AT_ONCE` rows. */
function partsOf(database: Connection, table: string, key: string | undefined): TablePart[] {
  if (key === undefined) return [{ from: `"${table}" WHERE true`, values: [] }];
  const next = database.prepare(
    `SELECT "${key}" AS "last" FROM "${table}" WHERE "${key}" > ? AND typeof("${key}") = 'integer'
     ORDER BY "${key}" LIMIT 1 OFFSET ?`,
  );
  const parts: TablePart[] = [];
  for (let after = -Infinity; ;) {
    const [row] = next.all([after, CHECKED_AT_ONCE - 1]) as { last: number }[];
    if (row === undefined) {
      return [...parts, { from: `"${table}" WHERE "${key}" > ?`, values: [after] }];
    }
    const range = `"${table}" WHERE "${key}" > ? AND "${key}" <= ?`;
    parts.push({ from: range, values: [after, row.last] });
    after = row.last;
  }
}

function hasBrokenTextIn(
  database: Connection,
  columns: readonly string[],
  { from, values }: TablePart,
): boolean {
  const isText = columns.map((column) => `typeof(${column}) = 'text'`);
  const texts = columns.map((column, i) => `iif(${isText[i]}, ${column}, '')`);
  // One row for any number of texts.
  const [row] = database
    .prepare(
      `SELECT CAST(group_concat(${texts.join(` || ' ' || `)}, ' ') AS BLOB) AS bytes
       FROM ${from} AND (${isText.join(' OR ')})`,
    )
    .all([...values]) as { bytes: ArrayBuffer | null }[];
  const bytes = Buffer.from(row?.bytes ?? new ArrayBuffer(0));
  return !isUtf8(bytes) || bytes.includes(0);
}

/** A file that may not be written is opened for reading; SQLite does that by itself. */
export function connectTo(path: string): Connection {
  const database = new Libsql(path);
  database.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
  return database;
}

export function versionOf(database: Connection): number {
  const [row] = database.prepare('PRAGMA user_version').all() as { user_version?: number }[];
  return row?.user_version ?? 0;
}

/** Writes the content of a database to a new file that only the owner can read, and flushes it to the disk. */
export function copyDatabase(database: Connection, path: string): void {
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
