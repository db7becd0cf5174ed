import { join } from 'node:path';
import type { OnModuleInit } from '@nestjs/common';
import { AtomicFile, type AtomicFileOptions } from './atomic-file';
import { Database } from './database/database';
import { EarlierFile } from './earlier-file';
import { removeDrafts } from './file-writes';
import { checkAccess } from './folder-access';
import { SecretSeal } from './secret-seal';
import { StorageLog } from './storage-log';
import type { StorageTrouble } from './storage-trouble';

export const DATABASE_NAME = 'acefleet.db';

/** DATA_DIR: what survives a restart, in a database and in two small files, and the problems with it. */
export class DataFolder implements OnModuleInit {
  readonly database: Database;
  private readonly files: AtomicFile<unknown>[] = [];
  private seal: SecretSeal | null = null;

  constructor(
    private readonly path: string,
    readonly log = new StorageLog(),
  ) {
    this.database = new Database(join(path, DATABASE_NAME), log);
  }

  /**
   * Opens the database. A full disk or a damaged file is logged and listed in `troubles`.
   *
   * @throws DataFolderError if a newer release has written it, or if access rights are missing
   */
  async open(): Promise<void> {
    await checkAccess(this.path);
    await this.database.open();
  }

  /** For messages. */
  pathOf(name: string): string {
    return join(this.path, name);
  }

  /** The caller owns the file: one owner per name. */
  file<T>(options: AtomicFileOptions<T>): AtomicFile<T> {
    const file = new AtomicFile(this.path, options, this.log);
    this.files.push(file);
    return file;
  }

  /** Encrypts the secrets in the database. */
  get secrets(): SecretSeal {
    return (this.seal ??= new SecretSeal(this));
  }

  /** Reads a file of an earlier release whose content belongs in the database now. @throws as `AtomicFile.read` */
  earlierFile<T>(options: AtomicFileOptions<T>): Promise<EarlierFile<T>> {
    return EarlierFile.read(this.pathOf(options.name), this.file(options));
  }

  /** Empty if everything is in order. */
  troubles(): StorageTrouble[] {
    return [...this.database.troubles, ...this.files.flatMap(({ troubles }) => troubles)];
  }

  /** Lines about files that are not in the log yet. */
  get unlogged(): readonly string[] {
    return this.log.unlogged;
  }

  /** @param isOurs true if no other process uses the folder */
  async removeDrafts(isOurs: boolean): Promise<void> {
    await removeDrafts(this.path, isOurs);
  }

  /** Call when nothing changes the data any more. Resolves when no file is being written, and the database is closed. */
  async close(): Promise<void> {
    await Promise.all([this.database.close(), ...this.files.map((file) => file.settled())]);
  }

  onModuleInit(): void {
    this.log.open();
  }
}
