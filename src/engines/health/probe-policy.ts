import type { EngineState } from '../registry/engine.types';

/** First and longest pause between two probes of a starting engine. */
const STARTING_FIRST_MS = 250;
const STARTING_LONGEST_MS = 1000;

/** Viewers may wait for an unhealthy engine to recover; they would notice a longer pause. */
const UNHEALTHY_LONGEST_MS = 2000;

/** Many streams that complain at once lead to one probe. */
export const HURRY_GAP_MS = 1000;

/**
 * Pause after a probe. An engine that cannot be chosen is probed more often than ENGINE_PROBE_INTERVAL, because viewers may
 * wait for it.
 *
 * @param misses probes missed in a row, 0 after an answered one
 */
export function pauseMs(state: EngineState, misses: number, intervalMs: number): number {
  const growing = STARTING_FIRST_MS * 2 ** Math.min(Math.max(misses - 1, 0), 10);
  switch (state) {
    case 'starting':
      return Math.min(growing, STARTING_LONGEST_MS, intervalMs);
    case 'unhealthy':
      return Math.min(growing, UNHEALTHY_LONGEST_MS, intervalMs);
    case 'healthy':
    case 'suspect':
    case 'draining':
    case 'gone':
      return intervalMs;
  }
}
