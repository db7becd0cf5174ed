/** Recent results of one source. All times are monotonic ms. */
export interface SourceRecord {
  /** Penalty for failures and stalls, as of `atMs`. It halves in `TROUBLE_HALF_LIFE_MS`. */
  readonly trouble: number;
  readonly atMs: number;
  /** Duration of the last successful start. */
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

/**
 * Time in which the penalty halves. A failure moves a source behind the others for about 10 min. A second stall
 * within half an hour does so for at most 5 min.
 */
const TROUBLE_HALF_LIFE_MS = 5 * 60_000;
const OF_FAILURE = 4;
const OF_STALL = 1;
/** A source with this penalty or more is tried after all others. A single stall stays below it. */
const TROUBLED_FROM = 1.01;
const MOST_TROUBLE = 32;

/** A successful start counts as evidence for this long. */
const GOOD_FOR_MS = 6 * 60 * 60_000;
/**
 * Start times at which the rank changes, because viewers notice the difference. Between two of them the operator's
 * order counts.
 */
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

/** The penalty now. */
export function troubleOf({ trouble, atMs }: SourceRecord, nowMs: number): number {
  return trouble * 2 ** (-Math.max(0, nowMs - atMs) / TROUBLE_HALF_LIFE_MS);
}

/**
 * The order in which sources are tried, as indices into `records`: sources that started well come first, the fast
 * ones before the slow ones, then sources without results, then sources with penalties, the smallest penalty first.
 * Sources that rank equally keep their given order.
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
