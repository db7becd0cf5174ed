import { Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { monotonicMs } from '../kernel/clock';
import { DataFolder, SourceRecordStore } from '../storage';
import { entryOf, readEntry, type Moment } from './source-record-entry';
import { MAX_RECORDS, SourceRecords } from './source-records';

/**
 * Keeps what is known about sources in the database, so that a process does not try dead sources first after a
 * restart.
 */
@Injectable()
export class PersistentSourceRecords implements OnModuleInit, OnModuleDestroy {
  private readonly store: SourceRecordStore;

  constructor(
    folder: DataFolder,
    private readonly records: SourceRecords,
  ) {
    this.store = new SourceRecordStore(folder);
  }

  async onModuleInit(): Promise<void> {
    const now = moment();
    const stored = await this.store.list();
    const known = stored.flatMap((entry) => {
      const read = readEntry(entry, now);
      if (read === null) this.forget(entry);
      return read === null ? [] : [read];
    });
    // Those that changed last are the last, because `SourceRecords` forgets the others first.
    known.sort(([, a], [, b]) => a.atMs - b.atMs);
    for (const [key] of known.slice(0, -MAX_RECORDS)) this.store.remove(key);
    for (const [key, record] of known.slice(-MAX_RECORDS)) this.records.restore(key, record);
    this.records.onChange((key, record) => {
      const entry = record === null ? null : entryOf(key, record, moment());
      if (entry === null) this.store.remove(key);
      else this.store.put(entry);
    });
  }

  async onModuleDestroy(): Promise<void> {
    await this.store.close();
  }

  /** Removes a record that is too old or unreadable. */
  private forget(entry: unknown): void {
    const source = (entry as { source?: unknown } | null)?.source;
    if (typeof source === 'string') this.store.remove(source);
  }
}

function moment(): Moment {
  return { monotonicMs: monotonicMs(), wallMs: Date.now() };
}
