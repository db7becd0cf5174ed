import { monotonicMs, wallClockIso } from '../../kernel/clock';
import type { StreamIngest } from '../upstream';
import type { StreamTimeline } from '../streams';

/** Wall-clock text of a monotonic time. */
export function isoOf(atMs: number | null): string | null {
  return atMs === null ? null : wallClockIso(new Date(Date.now() - (monotonicMs() - atMs)));
}

/** What a start took, step by step. */
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
