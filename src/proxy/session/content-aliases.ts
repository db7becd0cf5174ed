import { join } from 'node:path';
import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { PinoLogger } from 'nestjs-pino';
import { CONFIG, type AppConfig } from '../../config';
import { KeptList } from '../../coordination';
import { isHexId } from '../../kernel/content-selector';

const MAX_ENTRIES = 10_000;

/**
 * Which infohash a content id stands for, learnt from engines' answers and kept over restarts, so that
 * `id` and `infohash` of one content are known to be one session before anything is started (rule 3).
 * Losing the file costs no more than a second start that is then merged.
 */
@Injectable()
export class ContentAliases implements OnModuleInit, OnModuleDestroy {
  private readonly infohashes = new LRUCache<string, string>({ max: MAX_ENTRIES });
  private readonly kept: KeptList;

  constructor(@Inject(CONFIG) config: AppConfig, log: PinoLogger) {
    log.setContext(ContentAliases.name);
    this.kept = new KeptList({
      path: join(config.dataDir, 'content-aliases.json'),
      words: 'remembered infohashes',
      log,
      // Least recently used first, so that reading them in restores the order of use.
      entries: () => [...this.infohashes.rentries()],
    });
  }

  async onModuleInit(): Promise<void> {
    for (const entry of await this.kept.read()) {
      if (isPair(entry)) this.infohashes.set(...entry);
    }
  }

  async onModuleDestroy(): Promise<void> {
    await this.kept.close();
  }

  infohashOf(contentId: string): string | null {
    return this.infohashes.get(contentId) ?? null;
  }

  remember(contentId: string, infohash: string): void {
    if (this.infohashes.get(contentId) === infohash) return;
    this.infohashes.set(contentId, infohash);
    this.kept.changed();
  }
}

function isPair(entry: unknown): entry is [string, string] {
  return (
    Array.isArray(entry) &&
    entry.length === 2 &&
    entry.every((id) => typeof id === 'string' && isHexId(id))
  );
}
