/** Milliseconds to wait before the n-th retry in a row (1 is the first): 0, 1, 2, 4, 8, … times the base, at most `maxMs`. */
export function retryDelayMs(retry: number, baseMs: number, maxMs: number): number {
  if (retry <= 1) return 0;
  return Math.min(maxMs, baseMs * 2 ** (retry - 2));
}
