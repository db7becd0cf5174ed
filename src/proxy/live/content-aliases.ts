import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import { isHexId } from '../../kernel/content-selector';
import { DataFolder, PersistentList } from '../../storage';

const MAX_ENTRIES = 10_000;

/**
 * The infohash of each content id, as engines have reported it; kept across restarts. With an alias, a request by `id`
 * finds the stream that was started by `infohash`, and the reverse. Without one, a second stream is started, and merged
 * into the first when its engine reports the infohash.
 */
@Injectable()
export class ContentAliases implements OnModuleInit, OnModuleDestroy {
  private readonly infohashes = new LRUCache<string, string>({ max: MAX_ENTRIES });
  private readonly list: PersistentList;

  constructor(folder: DataFolder) {
    this.list = new PersistentList(folder, {
      name: 'content-aliases',
      // Write the least recently used entry first, so that reading the list restores the order of use.
      entries: () => [...this.infohashes.rentries()],
    });
  }

  async onModuleInit(): Promise<void> {
    for (const entry of await this.list.read()) {
      if (isPair(entry)) this.infohashes.set(...entry);
    }
  }

  async onModuleDestroy(): Promise<void> {
    await this.list.close();
  }

  infohashOf(contentId: string): string | null {
    return this.infohashes.get(contentId) ?? null;
  }

  remember(contentId: string, infohash: string): void {
    if (this.infohashes.get(contentId) === infohash) return;
    this.infohashes.set(contentId, infohash);
    this.list.changed();
  }
}

function isPair(entry: unknown): entry is [string, string] {
  return (
    Array.isArray(entry) &&
    entry.length === 2 &&
    entry.every((id) => typeof id === 'string' && isHexId(id))
  );
}
