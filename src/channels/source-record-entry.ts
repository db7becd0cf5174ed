import { isHexId } from '../kernel/content-selector';
import { NOTHING_KNOWN, troubleOf, type SourceRecord } from './source-ranking';

/** One moment on both clocks, because the file outlives the process whose monotonic clock the records use. */
export interface Moment {
  readonly monotonicMs: number;
  /** Milliseconds since 1970. */
  readonly wallMs: number;
}

/** Results that are older than this are neither written nor read. */
const KEPT_FOR_MS = 24 * 60 * 60_000;
const MAX_REASON_LENGTH = 200;

/** Converts a record for the file, with times of the wall clock. Null if the record has no result of the last 24 h. */
export function entryOf(key: string, record: SourceRecord, now: Moment): object | null {
  const wall = (ms: number | null): number | null =>
    ms === null ? null : Math.round(ms - now.monotonicMs + now.wallMs);
  const { startedAtMs, failedAtMs, stalledAtMs } = record;
  const newestMs = Math.max(
    startedAtMs ?? -Infinity,
    failedAtMs ?? -Infinity,
    stalledAtMs ?? -Infinity,
  );
  if (now.monotonicMs - newestMs > KEPT_FOR_MS) return null;
  return {
    source: key,
    trouble: troubleOf(record, now.monotonicMs),
    as_of: now.wallMs,
    start_ms: record.startMs,
    started_at: wall(startedAtMs),
    failed_at: wall(failedAtMs),
    failure: record.failure,
    stalled_at: wall(stalledAtMs),
  };
}

/** Converts an entry of the file back. Null if it is no such entry, too old, or in the future. */
export function readEntry(entry: unknown, now: Moment): [key: string, SourceRecord] | null {
  if (typeof entry !== 'object' || entry === null) return null;
  const fields = entry as Record<string, unknown>;
  const { source, failure } = fields;
  if (typeof source !== 'string' || !isSource(source)) return null;
  const time = (name: string): number | null | undefined => {
    const wallMs = fields[name];
    if (wallMs === null) return null;
    if (typeof wallMs !== 'number' || !Number.isFinite(wallMs)) return undefined;
    const agoMs = now.wallMs - wallMs;
    return agoMs < 0 || agoMs > KEPT_FOR_MS ? undefined : now.monotonicMs - agoMs;
  };
  const [atMs, startedAtMs, failedAtMs, stalledAtMs] = [
    time('as_of'),
    time('started_at'),
    time('failed_at'),
    time('stalled_at'),
  ];
  const trouble = amount(fields['trouble']);
  const startMs = fields['start_ms'] === null ? null : amount(fields['start_ms']);
  if (atMs == null || trouble === undefined || startMs === undefined) return null;
  if (failure !== null && typeof failure !== 'string') return null;
  return [
    source,
    {
      ...NOTHING_KNOWN,
      trouble,
      atMs,
      // A result whose time is too old or in the future counts as missing.
      startMs: startedAtMs == null ? null : startMs,
      startedAtMs: startedAtMs ?? null,
      failedAtMs: failedAtMs ?? null,
      failure: failedAtMs == null ? null : (failure?.slice(0, MAX_REASON_LENGTH) ?? null),
      stalledAtMs: stalledAtMs ?? null,
    },
  ];
}

const MOST = 1e9;

function amount(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= MOST ? value : undefined;
}

function isSource(key: string): boolean {
  const [kind, id, ...rest] = key.split(':');
  return (kind === 'content_id' || kind === 'infohash') && isHexId(id ?? '') && rest.length === 0;
}
