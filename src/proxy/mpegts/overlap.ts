import { ticksBetween, TIMESTAMP_WRAP } from './pes';
import { type PesUnit, type UnitMark, type UnitTrack } from './unit-track';

/** Number of complete PES packets before the last one that must be equal in the leading stream. */
export const PROVING_UNITS = 3;

/**
 * Position at which a stream continues in another source: after the packet that corresponds to the last packet of the
 * old source. `pending`: the new source has not come that far. `none`: the two differ, or the new source cannot be
 * cut there. `unknown`: the old source does not end with a PES packet that has a PTS.
 */
export type UnitCut = number | 'pending' | 'none' | 'unknown';

/**
 * Finds the last PES packet of `old`, complete or not, in `incoming`, to whose timestamps `offset` (90 kHz) must be
 * added. PTS and payload must be equal as far as the old source had come. The same holds for the `PROVING_UNITS`
 * complete PES packets before it, if `incoming` contains them; it must contain at least `required` of them. The cost
 * does not depend on the length of the new source, because this runs at every read.
 */
export function cutOf(
  old: readonly PesUnit[],
  incoming: UnitTrack,
  offset: number,
  required: number,
): UnitCut {
  const last = old[old.length - 1];
  if (last === undefined || last.pts < 0) return 'unknown';
  if (old.length <= required) return 'none';
  const twin = incoming.withPts(shifted(last.pts, -offset));
  if (twin === undefined) return hasPassed(incoming, last, offset) ? 'none' : 'pending';
  const reached = last.marks[last.marks.length - 1];
  if (reached === undefined) return 'none';
  const mark = markFrom(twin.marks, reached.bytes);
  if (mark === undefined) return twin.closed ? 'none' : 'pending';
  if (mark.bytes !== reached.bytes || mark.hash !== reached.hash) return 'none';
  const at = incoming.indexFrom(twin.at);
  for (let back = 1; back <= PROVING_UNITS && back < old.length; back++) {
    const before = old[old.length - 1 - back];
    const twinBefore = incoming.units[at - back];
    if (before === undefined) break;
    if (twinBefore === undefined || !isEqual(before, twinBefore, offset)) {
      return back <= required || twinBefore !== undefined ? 'none' : mark.end;
    }
  }
  return mark.end;
}

function isEqual(old: PesUnit, incoming: PesUnit, offset: number): boolean {
  const a = old.marks[old.marks.length - 1];
  const b = incoming.marks[incoming.marks.length - 1];
  return (
    old.closed &&
    incoming.closed &&
    old.pts === shifted(incoming.pts, offset) &&
    a !== undefined &&
    a.bytes === b?.bytes &&
    a.hash === b.hash
  );
}

/** The first mark with at least `bytes` of payload. */
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

function hasPassed({ lastTimed }: UnitTrack, last: PesUnit, offset: number): boolean {
  return lastTimed !== undefined && ticksBetween(last.dts, shifted(lastTimed.dts, offset)) > 0;
}

function shifted(ticks: number, offset: number): number {
  if (ticks < 0) return ticks;
  return (((ticks + offset) % TIMESTAMP_WRAP) + TIMESTAMP_WRAP) % TIMESTAMP_WRAP;
}
