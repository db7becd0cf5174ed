/** Monotonic milliseconds. Ages, time-outs and arrival times use only this clock, because the wall clock may jump. */
export function monotonicMs(): number {
  return performance.now();
}

/** Wall-clock time in the format of the API: ISO 8601 in UTC. */
export function wallClockIso(date: Date = new Date()): string {
  return date.toISOString();
}
