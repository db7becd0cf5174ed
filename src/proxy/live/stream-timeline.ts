import { monotonicMs, wallClockIso } from '../../kernel/clock';
import type { StreamIngest } from '../upstream';
import type { StreamTimeline } from '../streams';

/** Converts a monotonic time to wall clock time in ISO 8601. */
export function isoOf(atMs: number | null): string | null {
  return atMs === null ? null : wallClockIso(new Date(Date.now() - (monotonicMs() - atMs)));
}

/** Returns when the start of a stream reached each milestone. */
export function timelineOf(
  requestedAt: string,
  engineAnsweredAt: string | null,
  ingest: StreamIngest,
): StreamTimeline {
  const { scanner } = ingest.history;
  return {
    requestedAt,
    engineAnsweredAt,
    firstByteAt: isoOf(ingest.firstByteMs),
    firstPatAt: isoOf(scanner.firstPatArrivalMs),
    firstKeyframeAt: isoOf(scanner.firstKeyframeArrivalMs),
  };
}
