/**
 * Monotonic milliseconds. Ages, time-outs and arrival times use this clock only, because the wall clock may jump.
 */
export function monotonicMs(): number {
  return performance.now();
}

/** Wall-clock time as it goes on the wire: ISO 8601 in UTC. */
export function wallClockIso(date: Date = new Date()): string {
  return date.toISOString();
}
