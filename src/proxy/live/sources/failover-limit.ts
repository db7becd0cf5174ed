import type { SourceJoin } from '../../upstream';

/** One failover. It is recorded when the new source has ended. */
export interface Failover {
  /** Monotonic time at which the new source replaced the old one. */
  readonly atMs: number;
  /** True if the engine of the old source died, did not answer, or was removed or drained. */
  readonly isEngineGone: boolean;
  /** How the new source was joined to the old one; null if it delivered nothing that viewers lacked. */
  readonly join: SourceJoin | null;
}

/**
 * How a failover counts.
 *
 * - `engine_gone`: It does not count, because the engine was at fault and not the content.
 * - `felt`: Viewers noticed it: media were lost or repeated, or were missing for so long that the picture froze.
 * - `unfelt`: Viewers did not notice it, because they received every access unit exactly once and in time.
 */
export type FailoverKind = 'engine_gone' | 'felt' | 'unfelt';

/** The buffers of players bridge a silence of this length. */
const FELT_SILENCE_MS = 2000;

/** Returns how a failover counts. */
export function kindOf({ isEngineGone, join }: Failover): FailoverKind {
  if (isEngineGone) return 'engine_gone';
  if (join === null || join.isFlagged || join.silentMs > FELT_SILENCE_MS) return 'felt';
  return 'unfelt';
}

/** At most `limit` failovers may happen within a sliding window. A `limit` of 0 means no limit. */
export interface FailoverBound {
  readonly limit: number;
  readonly windowMs: number;
}

type CountedKind = Exclude<FailoverKind, 'engine_gone'>;

/** Unfelt failovers may happen once in this time on average, because each one costs an engine a start. */
export const UNFELT_APART_MS = 5000;

/** Returns the times inside the window that ends at `nowMs`. `timesMs` may be in any order. */
export function stillCounting(
  timesMs: readonly number[],
  nowMs: number,
  { windowMs }: FailoverBound,
): number[] {
  return timesMs.filter((ms) => nowMs - ms < windowMs);
}

/** True if one more failover at `nowMs` would exceed the limit. */
export function isSpent(timesMs: readonly number[], nowMs: number, bound: FailoverBound): boolean {
  return bound.limit > 0 && stillCounting(timesMs, nowMs, bound).length >= bound.limit;
}

/** Limits the failovers of one stream. Felt and unfelt failovers are counted separately. */
export class FailoverLimit {
  private readonly timesMs: Record<CountedKind, number[]> = { felt: [], unfelt: [] };
  private readonly bounds: Readonly<Record<CountedKind, FailoverBound>>;

  constructor(felt: FailoverBound) {
    // Read when they are used, because settings change while the stream runs.
    const unfelt: FailoverBound = {
      get limit() {
        return felt.limit;
      },
      get windowMs() {
        return felt.limit * UNFELT_APART_MS;
      },
    };
    this.bounds = { felt, unfelt };
  }

  /** Records a failover, and returns how it counts. Keeps the times inside the window, at most limit + 1 per kind. */
  note(failover: Failover): FailoverKind {
    const kind = kindOf(failover);
    if (kind === 'engine_gone') return kind;
    const kept = stillCounting(this.timesMs[kind], failover.atMs, this.bounds[kind]);
    this.timesMs[kind] = [...kept, failover.atMs].slice(-(this.bounds[kind].limit + 1));
    return kind;
  }

  /** Describes the limit that one more failover at `nowMs` would exceed; null if it would exceed none. */
  excess(nowMs: number): string | null {
    for (const kind of ['felt', 'unfelt'] as const) {
      const bound = this.bounds[kind];
      if (isSpent(this.timesMs[kind], nowMs, bound)) return describeSpentLimit(kind, bound);
    }
    return null;
  }
}

function describeSpentLimit(kind: CountedKind, { limit, windowMs }: FailoverBound): string {
  const times = limit === 1 ? 'once' : `${limit} times`;
  const lost = `The source was lost ${times} within ${windowMs / 1000} s`;
  const replaced = limit === 1 ? 'replaced' : 'each time replaced';
  const how = kind === 'felt' ? replaced : `${replaced} without a gap`;
  return `${lost}, ${how}, and was then lost again.`;
}
