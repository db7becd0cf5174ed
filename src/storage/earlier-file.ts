import { rename, unlink } from 'node:fs/promises';
import type { AtomicFile } from './atomic-file';

/** A file in which earlier releases kept what the database keeps now. */
export class EarlierFile<T> {
  private constructor(
    /** Null if there is no such file. */
    readonly content: T | null,
    private readonly path: string,
    private readonly file: AtomicFile<T>,
  ) {}

  /** @throws as `AtomicFile.read` */
  static async read<T>(path: string, file: AtomicFile<T>): Promise<EarlierFile<T>> {
    return new EarlierFile(await file.read(), path, file);
  }

  /** Call when the database has the content. Renames the file to `NAME.imported`, so that no start reads it again. */
  async retire(): Promise<void> {
    await this.file.close();
    await unlink(`${this.path}.bak`).catch(() => undefined);
    await rename(this.path, `${this.path}.imported`).catch(() => undefined);
  }
}
