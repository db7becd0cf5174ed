import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { PinoLogger } from 'nestjs-pino';
import { CONFIG, type AppConfig } from '../../config';
import { isHexId } from '../../kernel/content-selector';

const MAX_ENTRIES = 10_000;
const SAVE_AFTER_MS = 5000;
const SCHEMA_VERSION = 1;

/**
 * Which infohash a content id stands for, learnt from engines' answers and kept over restarts, so that
 * `id` and `infohash` of one content are known to be one session before anything is started (rule 3).
 * Losing the file costs no more than a second start that is then merged.
 */
@Injectable()
export class ContentAliases implements OnModuleInit, OnModuleDestroy {
  private readonly infohashes = new LRUCache<string, string>({ max: MAX_ENTRIES });
  private readonly file: string;
  private timer: NodeJS.Timeout | null = null;
  /** The file is of a newer version of the product: it stays as it is. */
  private isForeign = false;
  private saving: Promise<void> = Promise.resolve();

  constructor(
    @Inject(CONFIG) config: AppConfig,
    private readonly log: PinoLogger,
  ) {
    this.file = join(config.dataDir, 'content-aliases.json');
    this.log.setContext(ContentAliases.name);
  }

  async onModuleInit(): Promise<void> {
    try {
      for (const [id, infohash] of parse(await readFile(this.file, 'utf8'))) {
        this.infohashes.set(id, infohash);
      }
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      this.isForeign = error instanceof NewerSchemaError;
      this.log.warn(
        { file: this.file, err: error },
        this.isForeign
          ? 'remembered infohashes are of a newer version: they are neither read nor written'
          : 'remembered infohashes are unreadable, starting without',
      );
    }
  }

  async onModuleDestroy(): Promise<void> {
    if (this.timer !== null) {
      clearTimeout(this.timer);
      this.save();
    }
    await this.saving;
  }

  infohashOf(contentId: string): string | null {
    return this.infohashes.get(contentId) ?? null;
  }

  remember(contentId: string, infohash: string): void {
    if (this.infohashes.get(contentId) === infohash) return;
    this.infohashes.set(contentId, infohash);
    if (!this.isForeign) this.timer ??= setTimeout(() => this.save(), SAVE_AFTER_MS);
  }

  private save(): void {
    this.timer = null;
    // Least recently used first, so that reading them in restores the order of use.
    const entries = [...this.infohashes.rentries()];
    const text = JSON.stringify({ version: SCHEMA_VERSION, entries });
    this.saving = this.saving.then(() => this.write(text));
  }

  /** Written beside and renamed, so that a crash leaves the old file whole. */
  private async write(text: string): Promise<void> {
    try {
      await mkdir(join(this.file, '..'), { recursive: true, mode: 0o700 });
      await writeFile(`${this.file}.new`, text, { mode: 0o600 });
      await rename(`${this.file}.new`, this.file);
    } catch (error) {
      this.log.warn({ file: this.file, err: error }, 'remembered infohashes could not be saved');
    }
  }
}

class NewerSchemaError extends Error {
  constructor(version: number) {
    super(`schema version ${version} is newer than ${SCHEMA_VERSION}`);
    this.name = 'NewerSchemaError';
  }
}

function parse(text: string): [string, string][] {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw new Error('not an object');
  const { version, entries } = value as { version?: unknown; entries?: unknown };
  if (typeof version === 'number' && version > SCHEMA_VERSION) throw new NewerSchemaError(version);
  if (version !== SCHEMA_VERSION) throw new Error('the schema version is not known');
  if (!Array.isArray(entries)) throw new Error('entries are missing');
  return entries.filter(
    (entry): entry is [string, string] =>
      Array.isArray(entry) &&
      entry.length === 2 &&
      entry.every((id) => typeof id === 'string' && isHexId(id)),
  );
}
