import { isHexId } from '../kernel/content-selector';
import { NOTHING_KNOWN, troubleOf, type SourceRecord } from './source-ranking';

/** The same moment on both clocks: a file outlives the process whose monotonic time a record bears. */
export interface Moment {
  readonly monotonicMs: number;
  /** Since 1970. */
  readonly wallMs: number;
}

/** What is older says nothing about today. */
const KEPT_FOR_MS = 24 * 60 * 60_000;
const MAX_WORDS = 200;

/** A record as it is kept, its times by the wall clock; null when there is nothing in it to remember. */
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

/** What `entryOf` gave; null for anything else, for what is too old, and for what says that it is of the future. */
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
      // A moment that is out of reach is as good as none.
      startMs: startedAtMs == null ? null : startMs,
      startedAtMs: startedAtMs ?? null,
      failedAtMs: failedAtMs ?? null,
      failure: failedAtMs == null ? null : (failure?.slice(0, MAX_WORDS) ?? null),
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
