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
const MAX_REASON_LENGTH = 200;

/** Recent results of the sources of channels. The least recently used records are forgotten first. */
export class SourceRecords {
  private readonly records = new LRUCache<string, SourceRecord>({ max: MAX_RECORDS });
  private readonly listeners: (() => void)[] = [];

  constructor(private readonly now: () => number = monotonicMs) {}

  of(source: ChannelSource): SourceRecord {
    return this.records.get(keyOf(source)) ?? NOTHING_KNOWN;
  }

  /** The sources in the order in which they should be tried now. */
  rank<T extends ChannelSource>(sources: readonly T[]): T[] {
    const order = rankSources(
      sources.map((source) => this.of(source)),
      this.now(),
    );
    return order.flatMap((i) => sources[i] ?? []);
  }

  started(source: ChannelSource, startMs: number): void {
    this.note(source, afterStart(this.of(source), startMs, this.now()));
  }

  failed(source: ChannelSource, why: string): void {
    const reason = why.slice(0, MAX_REASON_LENGTH);
    this.note(source, afterFailure(this.of(source), reason, this.now()));
  }

  /** All records with their keys (`kind:id`), the least recently used first. */
  list(): [key: string, SourceRecord][] {
    const known: [string, SourceRecord][] = [];
    for (const key of this.records.rkeys()) {
      const record = this.records.peek(key);
      if (record !== undefined) known.push([key, record]);
    }
    return known;
  }

  /** Adds a record from before a restart. */
  restore(key: string, record: SourceRecord): void {
    this.records.set(key, record);
  }

  onChange(listener: () => void): void {
    this.listeners.push(listener);
  }

  stalled(source: ChannelSource): void {
    this.note(source, afterStall(this.of(source), this.now()));
  }

  private note(source: ChannelSource, record: SourceRecord): void {
    this.records.set(keyOf(source), record);
    for (const listener of this.listeners) listener();
  }
}

function keyOf({ kind, id }: ChannelSource): string {
  return `${kind}:${id}`;
}
