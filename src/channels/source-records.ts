import { monotonicMs } from '../kernel/clock';
import { MAX_CHANNELS, MAX_SOURCES, type ChannelSource } from './channel';
import {
  afterCheck,
  afterFailure,
  afterStall,
  afterStart,
  isDead,
  NOTHING_KNOWN,
  rankReason,
  rankSources,
  type CheckResult,
  type RankReason,
  type SourceRecord,
} from './source-ranking';

/** As many as the channels of the operator's file and of the API can have sources, so that all of these are known. */
export const MAX_RECORDS = 2 * MAX_CHANNELS * MAX_SOURCES;
const MAX_REASON_LENGTH = 200;

/** What identifies a source. */
export type SourceId = Pick<ChannelSource, 'kind' | 'id'>;

/** The record of a source has changed; null if it was forgotten because there are too many. */
export type RecordListener = (key: string, record: SourceRecord | null) => void;

/** Recent results of the sources of channels. The records that have not changed for longest are forgotten first. */
export class SourceRecords {
  /** The one that was changed last is the last. */
  private readonly records = new Map<string, SourceRecord>();
  private readonly listeners: RecordListener[] = [];
  private readonly deathListeners: ((key: string) => void)[] = [];

  constructor(private readonly now: () => number = monotonicMs) {}

  of(source: SourceId): SourceRecord {
    return this.records.get(sourceKey(source)) ?? NOTHING_KNOWN;
  }

  /** True if the content failed when it was last started or checked, and has not played since. */
  isDead(source: SourceId): boolean {
    return isDead(this.of(source));
  }

  /** The sources in the order in which they should be tried now. */
  rank<T extends ChannelSource>(sources: readonly T[]): T[] {
    const order = rankSources(
      sources.map((source) => this.of(source)),
      this.now(),
    );
    return order.flatMap((i) => sources[i] ?? []);
  }

  rankReason(source: SourceId): RankReason {
    return rankReason(this.of(source), this.now());
  }

  started(source: SourceId, startMs: number): void {
    this.note(source, afterStart(this.of(source), startMs, this.now()));
  }

  /** @param isOfContent false if engines may be at fault */
  failed(source: SourceId, why: string, isOfContent: boolean): void {
    const reason = why.slice(0, MAX_REASON_LENGTH);
    this.note(source, afterFailure(this.of(source), reason, this.now(), isOfContent));
  }

  checked(source: SourceId, result: CheckResult): void {
    const detail = result.detail?.slice(0, MAX_REASON_LENGTH) ?? null;
    this.note(source, afterCheck(this.of(source), { ...result, detail }, this.now()));
  }

  stalled(source: SourceId): void {
    this.note(source, afterStall(this.of(source), this.now()));
  }

  /** Adds a record from before a restart, by its key (`kind:id`). */
  restore(key: string, record: SourceRecord): void {
    this.records.set(key, record);
  }

  onChange(listener: RecordListener): void {
    this.listeners.push(listener);
  }

  /** Calls `listener` with the key of each source that dies or plays again (see `isDead`). */
  onDeath(listener: (key: string) => void): void {
    this.deathListeners.push(listener);
  }

  private note(source: SourceId, record: SourceRecord): void {
    const key = sourceKey(source);
    const before = this.of(source);
    this.records.delete(key);
    this.records.set(key, record);
    this.tell(key, before, record);
    if (this.records.size > MAX_RECORDS) this.forgetOldest();
  }

  private forgetOldest(): void {
    const [oldest] = this.records;
    if (oldest === undefined) return;
    const [key, record] = oldest;
    this.records.delete(key);
    this.tell(key, record, null);
  }

  private tell(key: string, before: SourceRecord, after: SourceRecord | null): void {
    for (const listener of this.listeners) listener(key, after);
    if (isDead(before) === isDead(after ?? NOTHING_KNOWN)) return;
    for (const listener of this.deathListeners) listener(key);
  }
}

/** `kind:id` */
export function sourceKey({ kind, id }: SourceId): string {
  return `${kind}:${id}`;
}
