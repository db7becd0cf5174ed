import type { EngineState } from '../registry/engine.types';

/** First and longest pause between two probes of a starting engine. */
const STARTING_FIRST_MS = 250;
const STARTING_LONGEST_MS = 1000;

/** Viewers may wait for an unhealthy engine to recover; they would notice a longer pause. */
const UNHEALTHY_LONGEST_MS = 2000;

/** Minimum time between the beginnings of two hurried probes, so that many complaints at once lead to one probe. */
export const HURRY_GAP_MS = 1000;

/**
 * Pause after a probe. Starting and unhealthy engines are probed more often than every ENGINE_PROBE_INTERVAL,
 * because viewers may be waiting for them.
 *
 * @param misses probes missed in a row, 0 if the last one was answered
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
