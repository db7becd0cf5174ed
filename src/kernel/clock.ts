/**
 * Monotonic milliseconds. Ages, time-outs and arrival times use this clock only: the wall clock may
 * jump (datapath rule 1).
 */
export function monotonicMs(): number {
  return performance.now();
}

/** Wall-clock time as it goes on the wire: ISO 8601 in UTC. */
export function wallClockIso(date: Date = new Date()): string {
  return date.toISOString();
}
