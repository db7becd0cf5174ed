import type { SourceJoin } from '../../upstream';

/** One change of a running stream's source that nobody planned, as it is known when the new source is over. */
export interface SourceChange {
  /** Monotonic time at which the new source was taken. */
  readonly atMs: number;
  /** The engine before died, answered nothing any more, was removed or drained. */
  readonly isEngineGone: boolean;
  /** How the new source was joined; null: it brought nothing that viewers had not had before. */
  readonly join: SourceJoin | null;
}

/**
 * What a change was for viewers. `engine_gone` says nothing about the content and counts nowhere; `felt`: media were lost
 * or came twice, were flagged, or did not come for so long that a picture stood still; `unfelt`: every unit went out once.
 */
export type ChangeKind = 'engine_gone' | 'felt' | 'unfelt';

/** Players bridge this much without media from their own buffers. */
const FELT_SILENCE_MS = 2000;

export function kindOf({ isEngineGone, join }: SourceChange): ChangeKind {
  if (isEngineGone) return 'engine_gone';
  if (join === null || join.isFlagged || join.silentMs > FELT_SILENCE_MS) return 'felt';
  return 'unfelt';
}

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
