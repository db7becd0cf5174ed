import type { SourceJoin } from '../../upstream';

/** One failover, recorded when the replacement source has ended. */
export interface SourceChange {
  /** Monotonic time at which the replacement source took over. */
  readonly atMs: number;
  /** True if the previous engine died, stopped answering, was removed or drained. */
  readonly isEngineGone: boolean;
  /** How the replacement source was joined; null: it delivered nothing new. */
  readonly join: SourceJoin | null;
}

/**
 * The effect of a failover on viewers.
 *
 * - `engine_gone`: The engine was at fault and not the content, so the failover does not count.
 * - `felt`: Media were lost, repeated or flagged, or were missing for so long that the picture froze.
 * - `unfelt`: Viewers received every access unit exactly once.
 */
export type ChangeKind = 'engine_gone' | 'felt' | 'unfelt';

/** Players bridge this much time without media from their own buffers. */
const FELT_SILENCE_MS = 2000;

export function kindOf({ isEngineGone, join }: SourceChange): ChangeKind {
  if (isEngineGone) return 'engine_gone';
  if (join === null || join.isFlagged || join.silentMs > FELT_SILENCE_MS) return 'felt';
  return 'unfelt';
}

/** How often something may happen within a sliding window. `limit`: 0 means no limit. */
export interface SwitchBound {
  readonly limit: number;
  readonly windowMs: number;
}

type CountedKind = Exclude<ChangeKind, 'engine_gone'>;

/** Minimum average interval between unfelt failovers, because each one costs an engine a start. */
export const UNFELT_APART_MS = 5000;

/** The times inside the window that ends at `nowMs`. `timesMs` may be in any order. */
export function stillCounting(
  timesMs: readonly number[],
  nowMs: number,
  { windowMs }: SwitchBound,
): number[] {
  return timesMs.filter((ms) => nowMs - ms < windowMs);
}

/** True if one more event at `nowMs` would exceed the limit. */
export function isSpent(timesMs: readonly number[], nowMs: number, bound: SwitchBound): boolean {
  return bound.limit > 0 && stillCounting(timesMs, nowMs, bound).length >= bound.limit;
}

/** Limits the failovers of one stream. Felt and unfelt failovers are counted separately. */
export class SwitchLimit {
  private readonly timesMs: Record<CountedKind, number[]> = { felt: [], unfelt: [] };
  private readonly bounds: Readonly<Record<CountedKind, SwitchBound>>;

  constructor(felt: SwitchBound) {
    const unfelt = { limit: felt.limit, windowMs: felt.limit * UNFELT_APART_MS };
    this.bounds = { felt, unfelt };
  }

  /** Records a failover. Keeps only times inside the window, at most limit + 1 per kind. */
  note(change: SourceChange): ChangeKind {
    const kind = kindOf(change);
    if (kind === 'engine_gone') return kind;
    const kept = stillCounting(this.timesMs[kind], change.atMs, this.bounds[kind]);
    this.timesMs[kind] = [...kept, change.atMs].slice(-(this.bounds[kind].limit + 1));
    return kind;
  }

  /** Describes the limit that one more failover at `nowMs` would exceed; null if none. */
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
  const lost = `The source was lost ${times} within ${windowMs / 1000} s`;
  const replaced = limit === 1 ? 'replaced' : 'each time replaced';
  const how = kind === 'felt' ? replaced : `${replaced} without a gap`;
  return `${lost}, ${how}, and was then lost again.`;
}
