/** What is known about the media of a source; null means unknown. */
export interface SourceMedia {
  readonly videoCodec: string | null;
  readonly audioCodecs: readonly string[];
  readonly width: number | null;
  readonly height: number | null;
  readonly bitrateBps: number | null;
  readonly peers: number | null;
  readonly speedDownKBps: number | null;
}

/** `working`, or why the content did not play. */
export const CHECK_OUTCOMES = [
  'working',
  'content_not_found',
  'unsupported_content',
  'start_timeout',
  'stalled',
] as const;
export type CheckOutcome = (typeof CHECK_OUTCOMES)[number];

export interface SourceCheck {
  readonly atMs: number;
  readonly outcome: CheckOutcome;
  readonly detail: string | null;
}

/** The result of a check. */
export interface CheckResult extends Pick<SourceCheck, 'outcome' | 'detail'> {
  /** Null: the check did not start the source. */
  readonly startMs: number | null;
  readonly media: SourceMedia | null;
}

/** Recent results of one source. All times are monotonic ms. */
export interface SourceRecord {
  /** Penalty for failures and stalls, as of `atMs`. It halves in `TROUBLE_HALF_LIFE_MS`. */
  readonly trouble: number;
  readonly atMs: number;
  /** Duration of the last successful start, of a stream or of a check. */
  readonly startMs: number | null;
  readonly startedAtMs: number | null;
  readonly failedAtMs: number | null;
  /** Reason of the last failure. */
  readonly failure: string | null;
  readonly stalledAtMs: number | null;
  /** When the content was last at fault for a failure; null if it has played since. */
  readonly deadAtMs: number | null;
  /** The last results of starts and checks, the newest last: `1` for a success, `0` for a failure. */
  readonly results: string;
  readonly check: SourceCheck | null;
  /** As the last successful check found them. */
  readonly media: SourceMedia | null;
}

export const NOTHING_KNOWN: SourceRecord = {
  trouble: 0,
  atMs: 0,
  startMs: null,
  startedAtMs: null,
  failedAtMs: null,
  failure: null,
  stalledAtMs: null,
  deadAtMs: null,
  results: '',
  check: null,
  media: null,
};

/** The success share covers this many starts and checks. */
export const MAX_RESULTS = 20;

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
  return { ...played(record, nowMs), startMs };
}

/** @param isOfContent false if engines may be at fault */
export function afterFailure(
  record: SourceRecord,
  why: string,
  nowMs: number,
  isOfContent = false,
): SourceRecord {
  return {
    ...worse(record, OF_FAILURE, nowMs),
    failedAtMs: nowMs,
    failure: why,
    deadAtMs: isOfContent ? nowMs : record.deadAtMs,
    results: withResult(record, '0'),
  };
}

export function afterCheck(
  record: SourceRecord,
  { outcome, detail, startMs, media }: CheckResult,
  nowMs: number,
): SourceRecord {
  const check = { atMs: nowMs, outcome, detail };
  if (outcome !== 'working') return { ...afterFailure(record, outcome, nowMs, true), check };
  const next = played(record, nowMs);
  return { ...next, startMs: startMs ?? record.startMs, check, media: media ?? record.media };
}

export function afterStall(record: SourceRecord, nowMs: number): SourceRecord {
  return { ...worse(record, OF_STALL, nowMs), stalledAtMs: nowMs };
}

/** The penalty now. */
export function troubleOf({ trouble, atMs }: SourceRecord, nowMs: number): number {
  return trouble * 2 ** (-Math.max(0, nowMs - atMs) / TROUBLE_HALF_LIFE_MS);
}

/** True if the content failed when it was last started or checked, and has not played since. */
export function isDead({ deadAtMs }: SourceRecord): boolean {
  return deadAtMs !== null;
}

/** Share of successes among the last `MAX_RESULTS` starts and checks; null without any. */
export function successShare({ results }: SourceRecord): number | null {
  if (results === '') return null;
  return Array.from(results).filter((result) => result === '1').length / results.length;
}

/**
 * Why a source has its place in the order. From the first to the last:
 * - `works`: it has played within the last hours;
 * - `unproven`: there are no recent results;
 * - `check_failed`: its last check failed, and it has not played since;
 * - `troubled`: it failed or stalled lately.
 */
export const RANK_REASONS = ['works', 'unproven', 'check_failed', 'troubled'] as const;
export type RankReason = (typeof RANK_REASONS)[number];

export function rankReason(record: SourceRecord, nowMs: number): RankReason {
  if (troubleOf(record, nowMs) >= TROUBLED_FROM) return 'troubled';
  const { startMs, startedAtMs, check } = record;
  if (check !== null && check.outcome !== 'working' && (startedAtMs ?? -Infinity) <= check.atMs) {
    return 'check_failed';
  }
  const isGood = startMs !== null && startedAtMs !== null && nowMs - startedAtMs < GOOD_FOR_MS;
  return isGood ? 'works' : 'unproven';
}

/**
 * The order in which sources are tried, as indices into `records`: by `rankReason`, among sources that work the fast
 * ones before the slow ones, and among troubled ones the smallest penalty first. Sources that rank equally keep their
 * given order.
 */
export function rankSources(records: readonly SourceRecord[], nowMs: number): number[] {
  const keys = records.map((record, i) => [...keyOf(record, nowMs), i]);
  return records.map((_, i) => i).sort((a, b) => compare(keys[a] ?? [], keys[b] ?? []));
}

function keyOf(record: SourceRecord, nowMs: number): number[] {
  const reason = rankReason(record, nowMs);
  const { startMs } = record;
  return [
    RANK_REASONS.indexOf(reason),
    reason === 'troubled' ? troubleOf(record, nowMs) : 0,
    reason === 'works' ? START_STEPS_MS.filter((step) => (startMs ?? 0) >= step).length : 0,
  ];
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function played(record: SourceRecord, nowMs: number): SourceRecord {
  return { ...record, startedAtMs: nowMs, deadAtMs: null, results: withResult(record, '1') };
}

function withResult({ results }: SourceRecord, result: '0' | '1'): string {
  return (results + result).slice(-MAX_RESULTS);
}

function worse(record: SourceRecord, by: number, nowMs: number): SourceRecord {
  const trouble = Math.min(MOST_TROUBLE, troubleOf(record, nowMs) + by);
  return { ...record, trouble, atMs: nowMs };
}
