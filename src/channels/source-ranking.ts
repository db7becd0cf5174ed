/** Recent results of one source, as numbers; times are monotonic ms. */
export interface SourceRecord {
  /** Failures and stalls, each fading with time; value at `atMs`. */
  readonly trouble: number;
  readonly atMs: number;
  /** Duration and time of the last start. */
  readonly startMs: number | null;
  readonly startedAtMs: number | null;
  readonly failedAtMs: number | null;
  /** Reason of the last failure. */
  readonly failure: string | null;
  readonly stalledAtMs: number | null;
}

export const NOTHING_KNOWN: SourceRecord = {
  trouble: 0,
  atMs: 0,
  startMs: null,
  startedAtMs: null,
  failedAtMs: null,
  failure: null,
  stalledAtMs: null,
};

/** The penalty halves in this time: a source is moved back for ten minutes by a failure, or by two stalls within half an hour. */
const TROUBLE_HALF_LIFE_MS = 5 * 60_000;
const OF_FAILURE = 4;
const OF_STALL = 1;
/** From this penalty on a source is tried after all others. A single stall stays below it. */
const TROUBLED_FROM = 1.01;
const MOST_TROUBLE = 32;

/** Age at which a successful start is no longer evidence. */
const GOOD_FOR_MS = 6 * 60 * 60_000;
/** Boundaries of start times that viewers notice; between two boundaries the operator's order counts. */
const START_STEPS_MS = [3000, 8000, 20_000];

export function afterStart(record: SourceRecord, startMs: number, nowMs: number): SourceRecord {
  return { ...record, startMs, startedAtMs: nowMs };
}

export function afterFailure(record: SourceRecord, why: string, nowMs: number): SourceRecord {
  return { ...worse(record, OF_FAILURE, nowMs), failedAtMs: nowMs, failure: why };
}

export function afterStall(record: SourceRecord, nowMs: number): SourceRecord {
  return { ...worse(record, OF_STALL, nowMs), stalledAtMs: nowMs };
}

/** The current value of the fading failures and stalls. */
export function troubleOf({ trouble, atMs }: SourceRecord, nowMs: number): number {
  return trouble * 2 ** (-Math.max(0, nowMs - atMs) / TROUBLE_HALF_LIFE_MS);
}

/**
 * The order in which sources are tried, as indices into `records`: good and fast sources first, then sources
 * without results, then sources with penalties, the smallest penalty first. Sources that rank equally keep their
 * given order.
 */
export function rankSources(records: readonly SourceRecord[], nowMs: number): number[] {
  const keys = records.map((record, i) => [...keyOf(record, nowMs), i]);
  return records.map((_, i) => i).sort((a, b) => compare(keys[a] ?? [], keys[b] ?? []));
}

function keyOf(record: SourceRecord, nowMs: number): number[] {
  const trouble = troubleOf(record, nowMs);
  const isTroubled = trouble >= TROUBLED_FROM;
  const { startMs, startedAtMs } = record;
  const isGood = startMs !== null && startedAtMs !== null && nowMs - startedAtMs < GOOD_FOR_MS;
  return [
    isTroubled ? trouble : 0,
    isGood ? 0 : 1,
    isGood ? START_STEPS_MS.filter((step) => startMs >= step).length : 0,
  ];
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function worse(record: SourceRecord, by: number, nowMs: number): SourceRecord {
  const trouble = Math.min(MOST_TROUBLE, troubleOf(record, nowMs) + by);
  return { ...record, trouble, atMs: nowMs };
}
