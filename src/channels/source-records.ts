import { LRUCache } from 'lru-cache';
import { monotonicMs } from '../kernel/clock';
import type { ChannelSource } from './channel';
import {
  afterFailure,
  afterStall,
  afterStart,
  NOTHING_KNOWN,
  rankSources,
  type SourceRecord,
} from './source-ranking';

const MAX_RECORDS = 20_000;
const MAX_WORDS = 200;

/** What the sources of channels did lately, in memory: those used longest ago are forgotten first. */
export class SourceRecords {
  private readonly records = new LRUCache<string, SourceRecord>({ max: MAX_RECORDS });

  constructor(private readonly now: () => number = monotonicMs) {}

  of(source: ChannelSource): SourceRecord {
    return this.records.get(keyOf(source)) ?? NOTHING_KNOWN;
  }

  /** The sources in the order in which they are to be tried now. */
  rank<T extends ChannelSource>(sources: readonly T[]): T[] {
    const order = rankSources(
      sources.map((source) => this.of(source)),
      this.now(),
    );
    return order.flatMap((i) => sources[i] ?? []);
  }

  started(source: ChannelSource, startMs: number): void {
    this.records.set(keyOf(source), afterStart(this.of(source), startMs, this.now()));
  }

  failed(source: ChannelSource, why: string): void {
    const words = why.slice(0, MAX_WORDS);
    this.records.set(keyOf(source), afterFailure(this.of(source), words, this.now()));
  }

  stalled(source: ChannelSource): void {
    this.records.set(keyOf(source), afterStall(this.of(source), this.now()));
  }
}

function keyOf({ kind, id }: ChannelSource): string {
  return `${kind}:${id}`;
}
