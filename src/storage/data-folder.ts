import { join } from 'node:path';
import type { OnModuleInit } from '@nestjs/common';
import { AtomicFile, type AtomicFileOptions } from './atomic-file';
import { removeDrafts } from './file-writes';
import { StorageLog } from './storage-log';
import type { StorageTrouble } from './storage-trouble';

/** DATA_DIR: the small files that survive a restart, and their problems. */
export class DataFolder implements OnModuleInit {
  private readonly files: AtomicFile<unknown>[] = [];

  constructor(
    private readonly path: string,
    readonly log = new StorageLog(),
  ) {}

  /** The path of a file, for messages. */
  pathOf(name: string): string {
    return join(this.path, name);
  }

  /** Returns the file with this name. Each file must have only one owner. */
  file<T>(options: AtomicFileOptions<T>): AtomicFile<T> {
    const file = new AtomicFile(this.path, options, this.log);
    this.files.push(file);
    return file;
  }

  /** The current problems of all files. */
  troubles(): StorageTrouble[] {
    return this.files.flatMap(({ troubles }) => troubles);
  }

  /** Lines about files that have not been logged yet. */
  get unlogged(): readonly string[] {
    return this.log.unlogged;
  }

  /** @param isOurs true if no other process uses the folder */
  async removeDrafts(isOurs: boolean): Promise<void> {
    await removeDrafts(this.path, isOurs);
  }

  /** Resolves when no file is being written any more. */
  async settled(): Promise<void> {
    await Promise.all(this.files.map((file) => file.settled()));
  }

  onModuleInit(): void {
    this.log.open();
  }
}
