import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  connectTo,
  copyDatabase,
  damageOf,
  versionOf,
  type Connection,
} from './database/database-file';
import { MIGRATIONS } from './database/migrations';
import { DATABASE_NAME } from './data-folder';
import { createFile, makeFolder, randomName } from './file-writes';

/** Files of an installation that are not in its database. */
const FILES = ['api-key', 'instance', 'user-key'] as const;

/** A backup cannot be written or restored; the message is a line for the operator. */
export class BackupError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'BackupError';
  }
}

/**
 * Writes everything that makes up an installation to one file, which only the owner can read: a copy of the database with
 * one more table for the files. The server may be running.
 *
 * @throws BackupError; the error of SQLite or of the file system, after which there is no file
 */
export function writeBackup(dataDir: string, path: string): void {
  const source = join(dataDir, DATABASE_NAME);
  if (!existsSync(source)) throw new BackupError(`there are no data in ${dataDir} to back up`);
  if (existsSync(path)) throw new BackupError(`${path} exists already`);
  const draft = `${path}.${randomName()}.tmp`;
  try {
    using(source, (database) => copyDatabase(database, draft));
    using(draft, (copy) => {
      copy.exec('CREATE TABLE files (name TEXT PRIMARY KEY, content TEXT NOT NULL)');
      const insert = copy.prepare('INSERT INTO files VALUES (?, ?)');
      for (const name of FILES.filter((one) => existsSync(join(dataDir, one)))) {
        insert.run([name, readFileSync(join(dataDir, name), 'utf8')]);
      }
    });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/**
 * Creates a data folder from a backup. The folder must have no data yet.
 *
 * @throws BackupError; the error of SQLite or of the file system
 */
export async function restoreBackup(path: string, dataDir: string): Promise<void> {
  const target = join(dataDir, DATABASE_NAME);
  for (const name of [DATABASE_NAME, `${DATABASE_NAME}.bak`, ...FILES]) {
    if (!existsSync(join(dataDir, name))) continue;
    throw new BackupError(`${dataDir} has data already (${name}); restore into an empty folder`);
  }
  checkBackup(path);
  await makeFolder(dataDir);
  const draft = `${target}.${randomName()}.tmp`;
  try {
    using(path, (backup) => copyDatabase(backup, draft));
    const files = using(draft, (copy) => {
      const rows = copy.prepare('SELECT name, content FROM files').all() as FileRow[];
      copy.exec('DROP TABLE files');
      copy.exec('VACUUM');
      return rows;
    });
    for (const { name, content } of files.filter(isKnown)) {
      await createFile(join(dataDir, name), content);
    }
    // Last, because a folder with a database is complete.
    renameSync(draft, target);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

interface FileRow {
  readonly name: string;
  readonly content: string;
}

function isKnown({ name }: FileRow): boolean {
  return FILES.some((known) => known === name);
}

function checkBackup(path: string): void {
  if (!existsSync(path)) throw new BackupError(`there is no file ${path}`);
  const damage = damageOf(path);
  if (damage !== null) throw new BackupError(`${path} is no backup, or is damaged: ${damage}`);
  using(path, (backup) => {
    const query =
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name IN ('files', 'channels')";
    if (backup.prepare(query).all().length < 2) throw new BackupError(`${path} is no backup`);
    const version = versionOf(backup);
    if (version > MIGRATIONS.length) {
      throw new BackupError(`${path} was written by a newer release (schema version ${version})`);
    }
  });
}

function using<T>(path: string, use: (database: Connection) => T): T {
  const database = connectTo(path);
  try {
    return use(database);
  } finally {
    database.close();
  }
}
