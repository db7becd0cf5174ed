import { monotonicMs, wallClockIso } from '../../kernel/clock';
import type { StreamIngest } from '../upstream';
import type { StreamTimeline } from '../streams';

/** A monotonic time as ISO 8601. */
export function isoOf(atMs: number | null): string | null {
  return atMs === null ? null : wallClockIso(new Date(Date.now() - (monotonicMs() - atMs)));
}

/** When the milestones of a start were reached. */
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
