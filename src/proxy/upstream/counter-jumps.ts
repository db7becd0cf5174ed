import { discontinuityIndicator, NO_COUNTER, NULL_PID, pid as pidOf, TS_PACKET } from '../mpegts';
import { follows } from './outgoing-tail';

/**
 * Whether the preface announces a jump of every counter that viewers have seen, `counters` by PID. What comes seldom,
 * such as the service description, is not here yet when the source is entered: its counter has to go on.
 */
export function areAllFlagged(preface: Buffer, counters: Uint8Array): boolean {
  const flagged = new Set([NULL_PID]);
  for (let at = 0; at < preface.length; at += TS_PACKET) {
    if (discontinuityIndicator(preface, at)) flagged.add(pidOf(preface, at));
  }
  return counters.every((counter, pid) => counter === NO_COUNTER || flagged.has(pid));
}

/**
 * Whether a source goes on with the counters that viewers have seen, `counters` by PID. `before` are its own at the places
 * where it goes on: all that tells of a PID that is not among the packets yet. When neither tells, the counter may be any.
 */
export function isContinuous(
  parts: readonly Buffer[],
  counters: Uint8Array,
  before: ReadonlyMap<number, number>,
): boolean {
  const seen = new Set<number>([NULL_PID]);
  for (const [pid, counter] of before) {
    if (counters[pid] !== NO_COUNTER && counters[pid] !== counter) return false;
    seen.add(pid);
  }
  for (const part of parts) {
    for (let at = 0; at < part.length; at += TS_PACKET) {
      const pid = pidOf(part, at);
      if (seen.has(pid)) continue;
      seen.add(pid);
      if (!follows(counters[pid] as number, part, at)) return false;
    }
  }
  return counters.every((counter, pid) => counter === NO_COUNTER || seen.has(pid));
}
