import { join } from 'node:path';
import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { PinoLogger } from 'nestjs-pino';
import { CONFIG, type AppConfig } from '../config';
import { KeptList } from '../coordination';
import { monotonicMs } from '../kernel/clock';
import { entryOf, readEntry, type Moment } from './source-record-entry';
import { SourceRecords } from './source-records';

/** The most recently used ones are kept: enough for the longest lists, about 1 MB. */
const MAX_KEPT = 5000;

/** Keeps what sources did lately in the data folder, so that a restart does not try dead ones first again. */
@Injectable()
export class KeptSourceRecords implements OnModuleInit, OnModuleDestroy {
  private readonly kept: KeptList;

  constructor(
    @Inject(CONFIG) config: AppConfig,
    private readonly records: SourceRecords,
    log: PinoLogger,
  ) {
    log.setContext(KeptSourceRecords.name);
    this.kept = new KeptList({
      path: join(config.dataDir, 'channel-sources.json'),
      words: 'what sources of channels did lately',
      log,
      entries: () => this.entries(),
    });
  }

  async onModuleInit(): Promise<void> {
    const now = moment();
    for (const entry of (await this.kept.read()).slice(-MAX_KEPT)) {
      const known = readEntry(entry, now);
      if (known !== null) this.records.restore(...known);
    }
    this.records.onChange(() => this.kept.changed());
  }

  async onModuleDestroy(): Promise<void> {
    await this.kept.close();
  }

  /** Those used longest ago first, as they are to be read again. */
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
