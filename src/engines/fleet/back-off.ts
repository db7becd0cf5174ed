import { retryDelayMs } from '../../kernel/retry-delay';

/** So much of a wait is left to chance. */
const JITTER = 0.5;

/**
 * How long no engine is made after the n-th failure in a row, in whole milliseconds. Nothing before the first.
 *
 * @param random from 0 up to 1, new for each wait: products that failed together shall not try again together
 */
export function provisioningPauseMs(
  failures: number,
  baseMs: number,
  maxMs: number,
  random: number,
): number {
  return Math.round(retryDelayMs(failures + 1, baseMs, maxMs) * (1 - JITTER * random));
}
