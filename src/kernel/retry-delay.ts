/**
 * Milliseconds to wait before the n-th retry in a row (n starts at 1): 0, 1, 2, 4, 8, … times the base, at most
 * `maxMs`.
 */
export function retryDelayMs(retry: number, baseMs: number, maxMs: number): number {
  if (retry <= 1) return 0;
  return Math.min(maxMs, baseMs * 2 ** (retry - 2));
}

/** The random share of a delay. */
const JITTER = 0.5;

/**
 * Returns a random delay between half of `delayMs` and the whole, in whole milliseconds, so that processes that
 * failed at the same time retry at different times.
 *
 * @param random from 0 up to 1, a new number for each delay
 */
export function withJitter(delayMs: number, random: number): number {
  return Math.round(delayMs * (1 - JITTER * random));
}
