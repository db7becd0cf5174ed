import { byteAt, SYNC, TS_PACKET } from './packet';

/**
 * Takes a run of whole packets, `buf[start..end)`. The bytes must be copied before returning, because the buffer may
 * be small and reused.
 */
export type PacketSink = (buf: Buffer, start: number, end: number) => void;

/**
 * Distances between packets: 188; 192 with a time code before each packet (M2TS); 204 and 208 with error correction
 * after each packet (DVB, ATSC).
 */
export const PACKET_DISTANCES: readonly number[] = [TS_PACKET, 192, 204, 208];

/**
 * Number of sync bytes that prove packets at a distance of 188. After a loss it also proves any distance that is
 * known.
 */
const SYNCS = 3;
/**
 * Number of sync bytes that prove another distance. It is larger, because repetitive payload must not pass as
 * packets.
 */
const FIRST_SYNCS = 6;
/** The distance counts as known after this many consecutive packets. */
const KNOWN_AFTER_PACKETS = 16;
/** After a loss, the known distance is forgotten when this many bytes were discarded, and other distances are tried. */
const FORGET_AFTER_BYTES = 64 * 1024;
/** Bytes of an RTP header without contributing sources and without an extension. */
const RTP_HEADER = 12;
/** Longest RTP header that is recognised: 15 contributing sources and 56 bytes of extension. */
const RTP_MAX_HEADER = 128;
/** RTP payload type of MPEG-TS. */
const RTP_MPEG_TS = 33;
/** Number of bytes after any byte that are enough to decide whether a packet begins at it. */
const LOOK_AHEAD = Math.max(
  (FIRST_SYNCS - 1) * Math.max(...PACKET_DISTANCES),
  (SYNCS - 1) * (TS_PACKET + RTP_MAX_HEADER),
);
/** Room for the bytes that one `push` could not decide about, and for the bytes that decide about them. */
const CARRY_BYTES = 2 * (LOOK_AHEAD + 1);
/** Packets at a distance other than 188 are copied into buffers of this size. */
const STRIPPED_BYTES = 350 * TS_PACKET;
/** Result: more bytes are needed for a decision. */
const UNDECIDED = -1;

/**
 * Cuts a byte stream into packets of 188 bytes, however its bytes are split, and removes the framing: a constant
 * number of bytes between packets, or RTP headers. Sync bytes at equal distances establish the alignment. From then
 * on each packet's own sync byte is checked, and a wrong one restarts the search at that byte. Packets at a distance
 * of 188 are not copied.
 */
export class PacketAligner {
  /** Number of alignment losses. */
  resyncs = 0;
  /** Number of bytes that belonged to neither packets nor framing. */
  discardedBytes = 0;

  private readonly carry = Buffer.allocUnsafeSlow(CARRY_BYTES);
  private carried = 0;
  /** Framing bytes that are still to be skipped. */
  private skip = 0;
  private locked = false;
  private distance = TS_PACKET;
  private isKnown = false;
  /** Consecutive packets since alignment was gained. */
  private inRow = 0;
  private discardedAtLoss = 0;
  private stripped: Buffer | null = null;

  /** True if packet boundaries are known at the next byte. */
  get aligned(): boolean {
    return this.locked;
  }

  /** Passes all packets that `data` completes to `sink`, in order; long runs are views of `data`. */
  push(data: Buffer, sink: PacketSink): void {
    let from = Math.min(this.skip, data.length);
    this.skip -= from;
    if (this.carried > 0) {
      const carried = this.carried;
      // If a packet begins in the carry, only the rest of that packet is needed. Otherwise each byte needs enough
      // data to decide about it.
      const isPacket = this.locked && this.carry[0] === SYNC;
      const room = (isPacket ? TS_PACKET : CARRY_BYTES) - carried;
      const total = carried + data.copy(this.carry, carried, 0, Math.min(room, data.length));
      const at = this.walk(this.carry, 0, total, carried, sink);
      if (at < carried) {
        // Still undecided, so all of `data` is in the carry already.
        this.carry.copyWithin(0, at, total);
        this.carried = total - at;
        return;
      }
      this.carried = 0;
      from = at - carried;
    }
    const at = from < data.length ? this.walk(data, from, data.length, data.length, sink) : from;
    if (at < data.length) this.carried = data.copy(this.carry, 0, at);
    else this.skip += at - data.length;
  }

  /**
   * Processes the packets that begin in `buf[from..limit)`, which may extend up to `end`. Returns the index at which
   * it stopped: at or after `limit`, or before it at a byte about which more data must decide.
   */
  private walk(buf: Buffer, from: number, end: number, limit: number, sink: PacketSink): number {
    let at = from;
    while (at < limit) {
      if (!this.locked) {
        at = this.search(buf, at, end, limit);
        if (!this.aligned) return at;
      }
      const { distance } = this;
      const run = at;
      const last = Math.min(limit - 1, end - TS_PACKET);
      while (at <= last && buf[at] === SYNC) at += distance;
      if (at > run) {
        this.inRow += (at - run) / distance;
        if (this.inRow >= KNOWN_AFTER_PACKETS) this.isKnown = true;
        if (distance === TS_PACKET) sink(buf, run, at);
        else this.strip(buf, run, at, sink);
      }
      if (at >= limit || buf[at] === SYNC) return at;
      const header = distance === TS_PACKET ? rtpHeader(buf, at, end) : 0;
      if (header === UNDECIDED) return at;
      if (header > 0) at += header;
      else this.lose();
    }
    return at;
  }

  private lose(): void {
    this.locked = false;
    this.inRow = 0;
    this.resyncs++;
    this.discardedAtLoss = this.discardedBytes;
  }

  /**
   * Returns the index of the first byte at which enough packets begin, and sets `locked`. It also stops at a byte
   * where more data must decide, but does not set `locked` then. Returns `limit` if there is no such byte.
   */
  private search(buf: Buffer, from: number, end: number, limit: number): number {
    let at = from;
    for (; at < limit; at++) {
      if (buf[at] !== SYNC) continue;
      const distance = this.distanceAt(buf, at, end, at - from);
      if (distance === 0) continue;
      if (distance === UNDECIDED) break;
      this.locked = true;
      this.distance = distance;
      break;
    }
    this.discardedBytes += at - from;
    return at;
  }

  /** Distance of the packets that begin at `at`; 0 if none do, `UNDECIDED` if more data must decide. */
  private distanceAt(buf: Buffer, at: number, end: number, passed: number): number {
    if (this.isKnown) {
      const lost = this.discardedBytes + passed - this.discardedAtLoss;
      // Soon after a loss only the known distance is tried, so that damaged packets do not pass as another framing.
      if (lost < FORGET_AFTER_BYTES) return prove(buf, at, end, this.distance, SYNCS);
      this.isKnown = false;
    }
    let isUndecided = false;
    for (const distance of PACKET_DISTANCES) {
      const proof = prove(buf, at, end, distance, distance === TS_PACKET ? SYNCS : FIRST_SYNCS);
      if (proof > 0) return proof;
      if (proof === UNDECIDED) isUndecided = true;
      // A distance of 188 needs the fewest bytes to decide, so decide it before trying others.
      if (isUndecided && distance === TS_PACKET) break;
    }
    return isUndecided ? UNDECIDED : 0;
  }

  /** Copies the packets in `buf[start..end)` together, without their framing. */
  private strip(buf: Buffer, start: number, end: number, sink: PacketSink): void {
    const stripped = (this.stripped ??= Buffer.allocUnsafeSlow(STRIPPED_BYTES));
    let filled = 0;
    for (let at = start; at < end; at += this.distance) {
      filled += buf.copy(stripped, filled, at, at + TS_PACKET);
      if (filled < STRIPPED_BYTES) continue;
      sink(stripped, 0, filled);
      filled = 0;
    }
    if (filled > 0) sink(stripped, 0, filled);
  }
}

/** `distance` if `count` packets of that distance begin at `at`; 0 if not, `UNDECIDED` if more data must decide. */
function prove(buf: Buffer, at: number, end: number, distance: number, count: number): number {
  let next = at;
  for (let left = count - 1; left > 0; left--) {
    next += distance;
    if (next >= end) return UNDECIDED;
    if (buf[next] === SYNC) continue;
    const header = distance === TS_PACKET ? rtpHeader(buf, next, end) : 0;
    if (header <= 0) return header;
    next += header;
  }
  return distance;
}

/**
 * Length of the RTP header at `at` if a packet follows it; 0 if there is none, `UNDECIDED` if more data must decide.
 */
function rtpHeader(buf: Buffer, at: number, end: number): number {
  const first = byteAt(buf, at);
  if (first >> 6 !== 2) return 0;
  if (at + RTP_HEADER >= end) return UNDECIDED;
  if ((byteAt(buf, at + 1) & 0x7f) !== RTP_MPEG_TS) return 0;
  let length = RTP_HEADER + (first & 0x0f) * 4;
  if ((first & 0x10) !== 0) {
    if (at + length + 4 > end) return UNDECIDED;
    length += 4 + buf.readUInt16BE(at + length + 2) * 4;
  }
  if (length > RTP_MAX_HEADER) return 0;
  if (at + length >= end) return UNDECIDED;
  return buf[at + length] === SYNC ? length : 0;
}
