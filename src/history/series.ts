import type { SeriesPoint } from '../storage';

/** The samples of one metric within one step. */
export type Bucket = Omit<SeriesPoint, 'atS'>;

/** Interval between two samples. */
export const SAMPLE_S = 10;

/** The steps that are kept in the database, the shortest first. */
export const STORED_STEPS_S = [60, 900, 3600] as const;

export type StoredStep = (typeof STORED_STEPS_S)[number];

/** How long samples are kept in memory. */
export const LIVE_S = 900;

/** Seconds for which each stored step is kept; null: HISTORY_DAYS. */
export const KEPT_S: Readonly<Record<StoredStep, number | null>> = {
  60: 24 * 3600,
  900: 30 * 24 * 3600,
  3600: null,
};

/** The steps that a query may have: that of the samples in memory, and multiples of the stored ones. */
const STEPS_S = [SAMPLE_S, 60, 300, 900, 3600, 6 * 3600, 24 * 3600] as const;

/** The most points of an answer. */
export const MAX_POINTS = 2000;

/** A step is chosen so that an answer has at most this many points. */
const CHOSEN_POINTS = 500;

const DAY_S = 86_400;

export function bucketOf(value: number): Bucket {
  return { samples: 1, min: value, mean: value, max: value };
}

/** All samples of both buckets. */
export function mergeBuckets(one: Bucket, other: Bucket): Bucket {
  const samples = one.samples + other.samples;
  return {
    samples,
    min: Math.min(one.min, other.min),
    mean: (one.mean * one.samples + other.mean * other.samples) / samples,
    max: Math.max(one.max, other.max),
  };
}

/** Start of the step in which a time is. */
export function stepBegin(atS: number, stepS: number): number {
  return Math.floor(atS / stepS) * stepS;
}

/** The points in steps of another length, in the order of time. */
export function rollUp(points: Iterable<SeriesPoint>, stepS: number): SeriesPoint[] {
  const steps = new Map<number, Bucket>();
  for (const { atS, ...bucket } of points) {
    const begin = stepBegin(atS, stepS);
    const known = steps.get(begin);
    steps.set(begin, known === undefined ? bucket : mergeBuckets(known, bucket));
  }
  return [...steps].map(([atS, bucket]) => ({ atS, ...bucket })).sort((a, b) => a.atS - b.atS);
}

export interface SeriesRequest {
  /** Seconds since 1970; null: a day ago, or as far back as there are samples in memory if their step is wanted. */
  readonly fromS: number | null;
  /** Null: now. */
  readonly toS: number | null;
  /** Null: chosen by the length of the period. */
  readonly stepS: number | null;
}

/** A period in steps, and the stored step from which it is read; null: the samples in memory. */
export interface SeriesPlan {
  readonly fromS: number;
  /** The end, which is not part of the period. */
  readonly toS: number;
  readonly stepS: number;
  readonly storedS: StoredStep | null;
}

/** How far back there are samples. */
export interface SeriesReach {
  readonly historyDays: number;
  /** Time of the oldest sample in memory. */
  readonly recentSinceS: number;
}

/** Returns what to read for a request; null if its step would give too many points. */
export function planSeries(
  request: SeriesRequest,
  nowS: number,
  { historyDays, recentSinceS }: SeriesReach,
): SeriesPlan | null {
  const toS = Math.min(request.toS ?? nowS, nowS) + 1;
  const defaultS = request.stepS === SAMPLE_S ? LIVE_S : DAY_S;
  const fromS = Math.max(request.fromS ?? toS - defaultS, nowS - historyDays * DAY_S);
  const spanS = Math.max(0, toS - fromS);
  const sinceS = (stepS: number): number => {
    const stored = storedStepOf(stepS);
    return stored === null ? recentSinceS : nowS - (KEPT_S[stored] ?? Infinity);
  };
  const fits = (stepS: number): boolean => sinceS(stepS) <= fromS && spanS / stepS <= CHOSEN_POINTS;
  const stepS = request.stepS ?? STEPS_S.find(fits) ?? DAY_S;
  const begin = stepBegin(fromS, stepS);
  const end = Math.max(begin, stepBegin(toS - 1, stepS) + stepS);
  if ((end - begin) / stepS > MAX_POINTS) return null;
  return { fromS: begin, toS: end, stepS, storedS: storedStepOf(stepS) };
}

/** True if samples can be given in steps of this length. */
export function isStep(stepS: number): boolean {
  return stepS === SAMPLE_S || (stepS > 0 && stepS % STORED_STEPS_S[0] === 0);
}

/** The longest stored step of which `stepS` is a multiple. */
function storedStepOf(stepS: number): StoredStep | null {
  return STORED_STEPS_S.findLast((stored) => stepS % stored === 0) ?? null;
}

/** One entry for each step of the period; null where there is no sample. */
export function withGaps(
  points: readonly SeriesPoint[],
  { fromS, toS, stepS }: SeriesPlan,
): { readonly atS: number; readonly bucket: Bucket | null }[] {
  const known = new Map(points.map(({ atS, ...bucket }) => [atS, bucket]));
  const length = Math.max(0, Math.round((toS - fromS) / stepS));
  return Array.from({ length }, (_, i) => {
    const atS = fromS + i * stepS;
    return { atS, bucket: known.get(atS) ?? null };
  });
}
