import { discontinuityIndicator, NO_COUNTER, NULL_PID, pid as pidOf, TS_PACKET } from '../mpegts';
import { followsCounter } from './outgoing-tail';

/**
 * True if the preface flags a discontinuity on every PID in `counters`, the last continuity counters that viewers
 * received. A rare PID such as that of the SDT may not have arrived when the source is entered; its counter must then
 * be rewritten.
 */
export function areAllFlagged(preface: Buffer, counters: Uint8Array): boolean {
  const flagged = new Set([NULL_PID]);
  for (let at = 0; at < preface.length; at += TS_PACKET) {
    if (discontinuityIndicator(preface, at)) flagged.add(pidOf(preface, at));
  }
  return counters.every((counter, pid) => counter === NO_COUNTER || flagged.has(pid));
}

/**
 * True if the source continues the counters that viewers received last (`counters`, by PID). `before` holds the
 * source's own counters right before the splice point, which are the only evidence for PIDs that have no packet yet.
 * A PID without evidence counts as not continuous.
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
      if (!followsCounter(counters[pid] as number, part, at)) return false;
    }
  }
  return counters.every((counter, pid) => counter === NO_COUNTER || seen.has(pid));
}
