import { cutOf, hasPayload, pid as pidOf, PROVING_UNITS, TS_PACKET } from '../mpegts';
import { isSamePacket, type LastPacket, type OutgoingTail } from './outgoing-tail';
import type { StagedSource } from './staged-source';

/** A video or audio stream: its PID in the source and its PID in the outgoing stream. */
export interface StreamPair {
  readonly source: number;
  readonly outgoing: number;
}

export interface OverlapInput {
  readonly pairs: readonly StreamPair[];
  readonly leading: StreamPair;
  /** Outgoing PID of each PID of the source, the PMT PID included. */
  readonly pids: ReadonlyMap<number, number>;
  /** Added to the source's timestamps, in ticks of 90 kHz. */
  readonly offset: number;
}

/** Positions in the source from which its packets are new: `cuts` by PID, and `from` for all other PIDs. */
export interface OverlapCuts {
  readonly from: number;
  readonly cuts: ReadonlyMap<number, number>;
}

/**
 * Finds where a source continues exactly where the old one ended. In the leading stream the last `PROVING_UNITS`
 * complete PES packets of the old source and the incomplete one after them must be equal. In every other video and
 * audio stream as many of them must be equal as the old source has. A video or audio stream without outgoing PES
 * packets, and any other PID, is cut after its last outgoing packet, or at `from` if that packet is not found.
 */
export function proveOverlap(
  tail: OutgoingTail,
  staged: StagedSource,
  { pairs, leading, pids, offset }: OverlapInput,
): OverlapCuts | 'pending' | 'none' {
  const cuts = new Map<number, number>();
  let isPending = false;
  for (const { source, outgoing } of pairs) {
    const old = tail.unitsOf(outgoing);
    const required =
      outgoing === leading.outgoing ? PROVING_UNITS : Math.min(PROVING_UNITS, old.length - 1);
    const cut = cutOf(old, staged.trackOf(source), offset, required);
    if (cut === 'none' || (cut === 'unknown' && outgoing === leading.outgoing)) return 'none';
    if (cut === 'pending') isPending = true;
    else if (cut !== 'unknown') cuts.set(source, cut);
  }
  if (isPending) return 'pending';
  const anchor = cuts.get(leading.source);
  const last = tail.lastPackets.get(leading.outgoing);
  if (anchor === undefined || last === undefined) return 'none';
  const from = Math.max(...cuts.values());
  if (Math.min(...cuts.values()) < staged.start) return 'none';
  const shift = anchor - (last.position + TS_PACKET);
  // Table and data packets after the last PES packet can only be recognised once the source has delivered them.
  if (staged.end < tail.end + shift) return 'pending';
  for (const [pid, at] of cutsOfOthers(tail, staged, pids, cuts, shift)) cuts.set(pid, at);
  return { from, cuts };
}

/**
 * Cuts of the PIDs that have none yet, each after its last outgoing packet. Tables repeat, so of several equal
 * packets the one nearest to the expected position counts.
 */
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
      // The corresponding packet lies before the staged bytes, so an equal packet among them is a later repetition.
      found.set(pid, { cut: staged.start, off: -1 });
      return;
    }
    const off = Math.abs(position - twinAt);
    // At the expected position any packet counts, because tables that were rewritten for viewers have another
    // content.
    if (off !== 0 && !isSamePacket(last.packet, run, at)) return;
    if (off < (found.get(pid)?.off ?? Infinity)) found.set(pid, { cut: position + TS_PACKET, off });
  });
  return new Map([...found].map(([pid, { cut }]) => [pid, cut]));
}
