import { cutOf, hasPayload, pid as pidOf, PROVING_UNITS, TS_PACKET } from '../mpegts';
import { isSamePacket, type LastPacket, type OutgoingTail } from './outgoing-tail';
import type { StagedSource } from './staged-source';

/** A video or audio stream: its PID in the source and in what goes out. */
export interface StreamPair {
  readonly source: number;
  readonly own: number;
}

export interface OverlapQuestion {
  readonly pairs: readonly StreamPair[];
  readonly leading: StreamPair;
  /** PID of the source → PID of the session, its PMT's too. */
  readonly pids: ReadonlyMap<number, number>;
  /** 90 kHz, to be added to the source's times. */
  readonly offset: number;
}

/** Positions in the source from which its packets are new: per PID, and `from` for all others. */
export interface OverlapCuts {
  readonly from: number;
  readonly cuts: ReadonlyMap<number, number>;
}

/**
 * Finds where a source continues exactly where the old one ended. The leading stream proves it by `PROVING_UNITS`
 * whole units and the partial unit after them; every other video and audio stream must agree. A stream without
 * units is cut after its last packet, or where the leading stream is cut.
 */
export function proveOverlap(
  tail: OutgoingTail,
  staged: StagedSource,
  { pairs, leading, pids, offset }: OverlapQuestion,
): OverlapCuts | 'pending' | 'none' {
  const cuts = new Map<number, number>();
  let isPending = false;
  for (const { source, own } of pairs) {
    const old = tail.unitsOf(own);
    const required = own === leading.own ? PROVING_UNITS : Math.min(PROVING_UNITS, old.length - 1);
    const cut = cutOf(old, staged.trackOf(source), offset, required);
    if (cut === 'none' || (cut === 'unknown' && own === leading.own)) return 'none';
    if (cut === 'pending') isPending = true;
    else if (cut !== 'unknown') cuts.set(source, cut);
  }
  if (isPending) return 'pending';
  const anchor = cuts.get(leading.source);
  const last = tail.lastPackets.get(leading.own);
  if (anchor === undefined || last === undefined) return 'none';
  const from = Math.max(...cuts.values());
  if (Math.min(...cuts.values()) < staged.start) return 'none';
  const shift = anchor - (last.position + TS_PACKET);
  // What came after the last unit, tables and data, has to be here to be recognised.
  if (staged.end < tail.end + shift) return 'pending';
  for (const [pid, at] of cutsOfOthers(tail, staged, pids, cuts, shift)) cuts.set(pid, at);
  return { from, cuts };
}

/** Of several equal packets (tables say the same again and again) the one at the right distance counts. */
function cutsOfOthers(
  tail: OutgoingTail,
  staged: StagedSource,
  pids: ReadonlyMap<number, number>,
  known: ReadonlyMap<number, number>,
  shift: number,
): Map<number, number> {
  const found = new Map<number, { readonly cut: number; readonly off: number }>();
  const lastOf = (pid: number): LastPacket | undefined =>
    known.has(pid) ? undefined : tail.lastPackets.get(pids.get(pid) ?? pid);
  staged.eachPacket(staged.start, (run, at, position) => {
    const pid = pidOf(run, at);
    const last = lastOf(pid);
    if (last === undefined || !hasPayload(run, at)) return;
    const twinAt = last.position + shift;
    if (twinAt < staged.start) {
      // It was before all that is held: an equal one in here is a later one.
      found.set(pid, { cut: staged.start, off: -1 });
      return;
    }
    const off = Math.abs(position - twinAt);
    // Tables that name other PIDs are not equal, but they stand in the same places.
    if (off !== 0 && !isSamePacket(last.packet, run, at)) return;
    if (off < (found.get(pid)?.off ?? Infinity)) found.set(pid, { cut: position + TS_PACKET, off });
  });
  return new Map([...found].map(([pid, { cut }]) => [pid, cut]));
}
