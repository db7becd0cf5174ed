/** Milliseconds to wait before the n-th retry in a row (1 is the first): 0, 1, 2, 4, 8, … times the base, at most `maxMs`. */
export function retryDelayMs(retry: number, baseMs: number, maxMs: number): number {
  if (retry <= 1) return 0;
  return Math.min(maxMs, baseMs * 2 ** (retry - 2));
}

/** This share of a delay is random. */
const JITTER = 0.5;

/**
 * Between half of the delay and the whole, in whole milliseconds, so that processes that failed together do not retry
 * together.
 *
 * @param random from 0 up to 1, a new one for each delay
 */
export function withJitter(delayMs: number, random: number): number {
  return Math.round(delayMs * (1 - JITTER * random));
}
