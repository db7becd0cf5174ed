import type { EngineState } from '../registry/engine.types';

/** First, and longest, pause between two probes of an engine that starts. */
const STARTING_FIRST_MS = 250;
const STARTING_LONGEST_MS = 1000;

/** Viewers may be waiting for an unhealthy engine to come back; longer than this would be felt. */
const UNHEALTHY_LONGEST_MS = 2000;

/** Streams that complain all at once cause one probe, not one each. */
export const HURRY_GAP_MS = 1000;

/**
 * Pause after a probe. Who cannot be chosen is asked more often than the interval says, because
 * somebody may be waiting for it.
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
