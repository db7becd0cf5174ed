import { isHexId } from '../kernel/content-selector';
import {
  CHECK_OUTCOMES,
  MAX_RESULTS,
  NOTHING_KNOWN,
  troubleOf,
  type SourceCheck,
  type SourceMedia,
  type SourceRecord,
} from './source-ranking';

/** One moment on both clocks, because the database outlives the process whose monotonic clock the records use. */
export interface Moment {
  readonly monotonicMs: number;
  /** Milliseconds since 1970. */
  readonly wallMs: number;
}

/** Results that are older than this are neither written nor read. */
const KEPT_FOR_MS = 30 * 24 * 60 * 60_000;
const MAX_REASON_LENGTH = 200;
export const MAX_CODECS = 16;

export interface RecordEntry {
  readonly source: string;
}

/** Converts a record for the database, with times of the wall clock. Null without a result of the last 30 days. */
export function entryOf(key: string, record: SourceRecord, now: Moment): RecordEntry | null {
  const wall = (ms: number | null): number | null =>
    ms === null ? null : Math.round(ms - now.monotonicMs + now.wallMs);
  const { startedAtMs, failedAtMs, stalledAtMs, check } = record;
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
    dead_at: wall(record.deadAtMs),
    results: record.results,
    check:
      check === null
        ? null
        : { at: wall(check.atMs), outcome: check.outcome, detail: check.detail },
    media: record.media,
  } as RecordEntry;
}

/** Converts an entry of the database back. Null if it is no such entry, too old, or in the future. */
export function readEntry(entry: unknown, now: Moment): [key: string, SourceRecord] | null {
  if (typeof entry !== 'object' || entry === null) return null;
  const fields = entry as Record<string, unknown>;
  const { source, failure } = fields;
  if (typeof source !== 'string' || !isSource(source)) return null;
  const timeOf = (wallMs: unknown): number | null | undefined => {
    if (wallMs === null) return null;
    if (typeof wallMs !== 'number' || !Number.isFinite(wallMs)) return undefined;
    const agoMs = now.wallMs - wallMs;
    return agoMs < 0 || agoMs > KEPT_FOR_MS ? undefined : now.monotonicMs - agoMs;
  };
  const [atMs, startedAtMs, failedAtMs, stalledAtMs, deadAtMs] = [
    timeOf(fields['as_of']),
    timeOf(fields['started_at']),
    timeOf(fields['failed_at']),
    timeOf(fields['stalled_at']),
    timeOf(fields['dead_at']),
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
      deadAtMs: deadAtMs ?? null,
      results: readResults(fields['results']),
      check: readCheck(fields['check'], timeOf),
      media: readMedia(fields['media']),
    },
  ];
}

/** Releases before the checks had no results, checks and media. */
function readResults(value: unknown): string {
  return typeof value === 'string' && /^[01]*$/.test(value) ? value.slice(-MAX_RESULTS) : '';
}

function readCheck(
  value: unknown,
  timeOf: (wallMs: unknown) => number | null | undefined,
): SourceCheck | null {
  const fields = fieldsOf(value);
  const atMs = timeOf(fields['at']);
  const outcome = CHECK_OUTCOMES.find((one) => one === fields['outcome']);
  if (atMs == null || outcome === undefined) return null;
  return { atMs, outcome, detail: readText(fields['detail']) };
}

function readMedia(value: unknown): SourceMedia | null {
  if (typeof value !== 'object' || value === null) return null;
  const fields = fieldsOf(value);
  const codecs: unknown = fields['audioCodecs'];
  return {
    videoCodec: readText(fields['videoCodec']),
    audioCodecs: Array.isArray(codecs)
      ? codecs.filter((codec) => typeof codec === 'string').slice(0, MAX_CODECS)
      : [],
    width: amount(fields['width']) ?? null,
    height: amount(fields['height']) ?? null,
    bitrateBps: amount(fields['bitrateBps']) ?? null,
    peers: amount(fields['peers']) ?? null,
    speedDownKBps: amount(fields['speedDownKBps']) ?? null,
  };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function readText(value: unknown): string | null {
  return typeof value === 'string' ? value.slice(0, MAX_REASON_LENGTH) : null;
}

const MOST = 1e9;

function amount(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && value <= MOST ? value : undefined;
}

function isSource(key: string): boolean {
  const [kind, id, ...rest] = key.split(':');
  return (kind === 'content_id' || kind === 'infohash') && isHexId(id ?? '') && rest.length === 0;
}
