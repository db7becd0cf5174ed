import { kindOf, type ChangeKind, type SourceChange } from './source-change';

/** How often something may happen within a time that slides along; limit 0 is none. */
export interface SwitchBound {
  readonly limit: number;
  readonly windowMs: number;
}

type CountedKind = Exclude<ChangeKind, 'engine_gone'>;

/** Changes that viewers do not feel cost engines a start each: on average they have to be this far apart. */
export const UNFELT_APART_MS = 5000;

/** Of these times (any order, ms) those that still count at `nowMs`. */
export function stillCounting(
  timesMs: readonly number[],
  nowMs: number,
  { windowMs }: SwitchBound,
): number[] {
  return timesMs.filter((ms) => nowMs - ms < windowMs);
}

/** Whether one more at `nowMs` would be too many. */
export function isSpent(timesMs: readonly number[], nowMs: number, bound: SwitchBound): boolean {
  return bound.limit > 0 && stillCounting(timesMs, nowMs, bound).length >= bound.limit;
}

/** The changes of one stream's source that nobody planned, each with what it was for viewers. */
export class SwitchLimit {
  private readonly timesMs: Record<CountedKind, number[]> = { felt: [], unfelt: [] };
  private readonly bounds: Readonly<Record<CountedKind, SwitchBound>>;

  constructor(felt: SwitchBound) {
    const unfelt = { limit: felt.limit, windowMs: felt.limit * UNFELT_APART_MS };
    this.bounds = { felt, unfelt };
  }

  /** Size: no more than count, and never more than the limit and one of each kind. */
  note(change: SourceChange): ChangeKind {
    const kind = kindOf(change);
    if (kind === 'engine_gone') return kind;
    const kept = stillCounting(this.timesMs[kind], change.atMs, this.bounds[kind]);
    this.timesMs[kind] = [...kept, change.atMs].slice(-(this.bounds[kind].limit + 1));
    return kind;
  }

  /** Why one more change at `nowMs` would be too many; null when it would not. */
  excess(nowMs: number): string | null {
    for (const kind of ['felt', 'unfelt'] as const) {
      const bound = this.bounds[kind];
      if (isSpent(this.timesMs[kind], nowMs, bound)) return describeSpentLimit(kind, bound);
    }
    return null;
  }
}

function describeSpentLimit(kind: CountedKind, { limit, windowMs }: SwitchBound): string {
  const times = limit === 1 ? 'once' : `${limit} times`;
  const lost = `The source was lost and replaced ${times} within ${windowMs / 1000} s`;
  return kind === 'felt'
    ? `${lost}; it was lost again.`
    : `${lost} without a gap; it was lost again.`;
}
