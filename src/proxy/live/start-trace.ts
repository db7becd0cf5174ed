import type { SpanRecord } from '../../tracing';
import type { TimedAttempt } from './sources/attempt-log';

/** The start of a stream that is over, successfully or not. Times are monotonic, in ms. */
export interface EndedStart {
  readonly streamId: string;
  readonly channel: string | null;
  readonly requestedMs: number;
  readonly firstByteMs: number | null;
  /** First random access point; null if there was none. */
  readonly readyMs: number | null;
  readonly endedMs: number;
  /** Code of the error, or the reason for which the stream was stopped; null if it has started. */
  readonly error: string | null;
  readonly attempts: readonly TimedAttempt[];
}

/** Returns the trace of a start: its attempts, and the waits for a slot or a backoff before each of them. */
export function startTrace(start: EndedStart): SpanRecord {
  const { requestedMs, endedMs, attempts } = start;
  const children: SpanRecord[] = [];
  let sinceMs = requestedMs;
  for (const attempt of attempts) {
    children.push({ name: 'wait for slot', beganMs: sinceMs, endedMs: attempt.startedMs });
    const span = attemptSpan(attempt, start);
    children.push(span);
    sinceMs = span.endedMs;
  }
  // The start has failed while it waited for another slot.
  if (start.error !== null && sinceMs < endedMs) {
    children.push({ name: 'wait for slot', beganMs: sinceMs, endedMs, error: start.error });
  }
  return {
    name: 'stream start',
    beganMs: requestedMs,
    endedMs,
    attributes: { 'acefleet.stream_id': start.streamId, 'acefleet.channel': start.channel },
    error: start.error,
    children,
  };
}

function attemptSpan(
  attempt: TimedAttempt,
  { firstByteMs, readyMs, endedMs }: EndedStart,
): SpanRecord {
  const { engineId, source, startedMs, answeredMs, durationMs, outcome, detail } = attempt;
  const overMs = durationMs === null ? endedMs : startedMs + durationMs;
  const isPlaying = outcome === 'playing' || outcome === 'running';
  const children: SpanRecord[] = [];
  let sinceMs = startedMs;
  for (const [name, atMs] of [
    ['engine handshake', answeredMs],
    ['first byte', firstByteMs],
    ['first random access point', readyMs],
  ] as const) {
    // An earlier attempt may have delivered the first byte.
    if (atMs !== null && (atMs < startedMs || atMs > overMs)) continue;
    if (atMs === null) break;
    children.push({ name, beganMs: sinceMs, endedMs: atMs });
    sinceMs = atMs;
  }
  return {
    name: 'attempt',
    beganMs: startedMs,
    endedMs: overMs,
    attributes: {
      'acefleet.engine_id': engineId,
      'acefleet.source': source,
      'acefleet.outcome': outcome,
      'acefleet.detail': detail,
    },
    error: isPlaying ? null : outcome,
    children,
  };
}
