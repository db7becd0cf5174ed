import { cutOf, hasPayload, pid as pidOf, PROVING_UNITS, TS_PACKET } from '../mpegts';
import { isSamePacket, type LastPacket, type OutgoingTail } from './outgoing-tail';
import type { StagedSource } from './staged-source';

/** A video or audio stream: its PID in the source and its PID in the outgoing stream. */
export interface StreamPair {
  readonly source: number;
  readonly own: number;
}

export interface OverlapInput {
  readonly pairs: readonly StreamPair[];
  readonly leading: StreamPair;
  /** Maps each PID of the source to the PID of the stream, the PMT PID included. */
  readonly pids: ReadonlyMap<number, number>;
  /** Added to the source's timestamps, in ticks of 90 kHz. */
  readonly offset: number;
}

/** Positions in the source from which its packets are new: `cuts` per PID, `from` for all other PIDs. */
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
  { pairs, leading, pids, offset }: OverlapInput,
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
  // Table and data packets after the last unit can only be recognised once the source has delivered them.
  if (staged.end < tail.end + shift) return 'pending';
  for (const [pid, at] of cutsOfOthers(tail, staged, pids, cuts, shift)) cuts.set(pid, at);
  return { from, cuts };
}

/** Several packets can be equal, because tables are repeated; the one at the expected distance counts. */
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
      // The twin lies before the staged bytes, so an equal packet among them is a later repetition.
      found.set(pid, { cut: staged.start, off: -1 });
      return;
    }
    const off = Math.abs(position - twinAt);
    // Tables with other PIDs differ in content but stand at the same positions.
    if (off !== 0 && !isSamePacket(last.packet, run, at)) return;
    if (off < (found.get(pid)?.off ?? Infinity)) found.set(pid, { cut: position + TS_PACKET, off });
  });
  return new Map([...found].map(([pid, { cut }]) => [pid, cut]));
}
