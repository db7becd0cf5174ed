/** A source and when it was last checked; null: never. */
export interface LastCheck<T> {
  readonly source: T;
  readonly atMs: number | null;
}

/**
 * The sources to check now: those whose last check is `intervalMs` ago, the oldest first. At most so many that all
 * sources are spread over the interval, if this is asked every `everyMs`.
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
