import { ticksBetween, TIMESTAMP_WRAP } from './pes';
import { type AccessUnit, type UnitMark, type UnitTrack } from './unit-track';

/** Complete units before the last one that have to be equal in the leading stream. */
export const PROVING_UNITS = 3;

/**
 * Where a stream goes on in another source: the position behind the packet that corresponds to the last one
 * of the old source. `pending`: the new source has not come that far; `none`: it is not the same, or can not be cut
 * there; `unknown`: the old source says nothing about this stream.
 */
export type UnitCut = number | 'pending' | 'none' | 'unknown';

/**
 * Finds the last unit of `old`, complete or not, in `fresh`, whose times have `offset` (90 kHz) still to be added: equal
 * PTS and equal payload as far as the old source had come, and so for the complete units before it (`PROVING_UNITS`,
 * of which `required` must be there). Costs the same however much of `fresh` has come: it is asked for at every read.
 */
export function cutOf(
  old: readonly AccessUnit[],
  fresh: UnitTrack,
  offset: number,
  required: number,
): UnitCut {
  const last = old[old.length - 1];
  if (last === undefined || last.pts < 0) return 'unknown';
  if (old.length <= required) return 'none';
  const twin = fresh.withPts(shifted(last.pts, -offset));
  if (twin === undefined) return hasPassed(fresh, last, offset) ? 'none' : 'pending';
  const reached = last.marks[last.marks.length - 1];
  if (reached === undefined) return 'none';
  const mark = markFrom(twin.marks, reached.bytes);
  if (mark === undefined) return twin.closed ? 'none' : 'pending';
  if (mark.bytes !== reached.bytes || mark.hash !== reached.hash) return 'none';
  const at = fresh.indexFrom(twin.at);
  for (let back = 1; back <= PROVING_UNITS && back < old.length; back++) {
    const before = old[old.length - 1 - back];
    const twinBefore = fresh.units[at - back];
    // The very first unit of the old piece may have begun before it.
    if (before === undefined) break;
    if (twinBefore === undefined || !isEqual(before, twinBefore, offset)) {
      return back <= required || twinBefore !== undefined ? 'none' : mark.end;
    }
  }
  return mark.end;
}

function isEqual(old: AccessUnit, fresh: AccessUnit, offset: number): boolean {
  const a = old.marks[old.marks.length - 1];
  const b = fresh.marks[fresh.marks.length - 1];
  return (
    old.closed &&
    fresh.closed &&
    old.pts === shifted(fresh.pts, offset) &&
    a !== undefined &&
    a.bytes === b?.bytes &&
    a.hash === b.hash
  );
}

/** The first mark with that much payload. */
function markFrom(marks: readonly UnitMark[], bytes: number): UnitMark | undefined {
  let low = 0;
  let high = marks.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((marks[middle] as UnitMark).bytes < bytes) low = middle + 1;
    else high = middle;
  }
  return marks[low];
}

function hasPassed({ lastTimed }: UnitTrack, last: AccessUnit, offset: number): boolean {
  return lastTimed !== undefined && ticksBetween(last.dts, shifted(lastTimed.dts, offset)) > 0;
}

function shifted(ticks: number, offset: number): number {
  if (ticks < 0) return ticks;
  return (((ticks + offset) % TIMESTAMP_WRAP) + TIMESTAMP_WRAP) % TIMESTAMP_WRAP;
}
