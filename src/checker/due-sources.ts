/** A source and when it was last checked; null: never. */
export interface LastCheck<T> {
  readonly source: T;
  readonly atMs: number | null;
}

/**
 * The sources to check now: those whose last check is at least `intervalMs` ago, or that were never checked; the oldest
 * check first. Their number is limited so that the checks are spread evenly over the interval, if this function is called
 * every `everyMs`.
 */
export function dueSources<T>(
  sources: readonly LastCheck<T>[],
  nowMs: number,
  intervalMs: number,
  everyMs: number,
): T[] {
  const most = Math.ceil((sources.length * everyMs) / intervalMs);
  const age = ({ atMs }: LastCheck<T>): number => (atMs === null ? Infinity : nowMs - atMs);
  return sources
    .filter((one) => age(one) >= intervalMs)
    .sort((a, b) => (a.atMs ?? -Infinity) - (b.atMs ?? -Infinity) || 0)
    .slice(0, most)
    .map(({ source }) => source);
}
