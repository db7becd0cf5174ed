import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { monotonicMs } from '../kernel/clock';
import { DataFolder, PersistentList } from '../storage';
import { entryOf, readEntry, type Moment } from './source-record-entry';
import { SourceRecords } from './source-records';

/** Maximum number of records in the file, which is about 1 MB then. Only the most recently used ones are kept. */
const MAX_KEPT = 5000;

/**
 * Keeps the recent results of sources in the data folder, so that a process does not try dead sources first after a
 * restart.
 */
@Injectable()
export class PersistentSourceRecords implements OnModuleInit, OnModuleDestroy {
  private readonly list: PersistentList;

  constructor(
    folder: DataFolder,
    private readonly records: SourceRecords,
  ) {
    this.list = new PersistentList(folder, {
      name: 'channel-sources',
      entries: () => this.entries(),
    });
  }

  async onModuleInit(): Promise<void> {
    const now = moment();
    for (const entry of (await this.list.read()).slice(-MAX_KEPT)) {
      const known = readEntry(entry, now);
      if (known !== null) this.records.restore(...known);
    }
    this.records.onChange(() => this.list.changed());
  }

  async onModuleDestroy(): Promise<void> {
    await this.list.close();
  }

  /** Least recently used first, because they are read back in this order. */
  private entries(): object[] {
    const now = moment();
    return this.records
      .list()
      .map(([key, record]) => entryOf(key, record, now))
      .filter((entry) => entry !== null)
      .slice(-MAX_KEPT);
  }
}

function moment(): Moment {
  return { monotonicMs: monotonicMs(), wallMs: Date.now() };
}
