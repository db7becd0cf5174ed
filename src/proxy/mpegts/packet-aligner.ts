import { byteAt, SYNC, TS_PACKET } from './packet';

/**
 * Takes a run of whole packets, `buf[start..end)`. The bytes are lent: they must be copied before
 * returning, because they may come from a small buffer that is used again.
 */
export type PacketSink = (buf: Buffer, start: number, end: number) => void;

/**
 * Bytes from one packet to the next: 188; 192 with a time code ahead of each packet (M2TS); 204 and 208 with error
 * correction behind each packet (DVB, ATSC).
 */
export const PACKET_DISTANCES: readonly number[] = [TS_PACKET, 192, 204, 208];

/** Sync bytes that prove 188 bytes, and the known distance again after a loss. */
const SYNCS = 3;
/** Sync bytes that prove another distance: payload that repeats itself must not pass for one. */
const FIRST_SYNCS = 6;
/** The distance of a source is known once this many packets have come in a row. */
const KNOWN_AFTER_PACKETS = 16;
/** After a loss of this many bytes the source may have another distance. */
const FORGET_AFTER_BYTES = 64 * 1024;
/** RTP: version 2 and payload type 33, MPEG-TS; at most 15 contributing sources and this much extension. */
const RTP_HEADER = 12;
const RTP_MAX_HEADER = 128;
const RTP_MPEG_TS = 33;
/** What is known behind a byte that is still undecided: enough for either proof. */
const LOOK_AHEAD = Math.max(
  (FIRST_SYNCS - 1) * Math.max(...PACKET_DISTANCES),
  (SYNCS - 1) * (TS_PACKET + RTP_MAX_HEADER),
);
/** Room for what one push leaves undecided and what decides it. */
const CARRY_BYTES = 2 * (LOOK_AHEAD + 1);
/** Packets of another distance are put together in pieces of this size. */
const STRIPPED_BYTES = 350 * TS_PACKET;
const UNDECIDED = -1;

/**
 * Cuts a byte stream into packets of 188 bytes, however its bytes are split, and leaves out what a framing adds:
 * a constant number of bytes between packets, or RTP headers. Alignment is gained by sync bytes at equal
 * distances; from then on each packet's own sync byte is checked, and a wrong one starts the search anew at that byte.
 * Packets of 188 bytes are not copied.
 */
export class PacketAligner {
  /** How often alignment was lost after it had been gained. */
  resyncs = 0;
  /** Bytes that belonged to no packet and no framing. */
  discardedBytes = 0;

  private readonly carry = Buffer.allocUnsafeSlow(CARRY_BYTES);
  private carried = 0;
  /** Bytes of a framing that are still to come. */
  private skip = 0;
  private locked = false;
  private distance = TS_PACKET;
  private isKnown = false;
  /** Packets since alignment was gained. */
  private inRow = 0;
  private discardedAtLoss = 0;
  private stripped: Buffer | null = null;

  /** Whether the next byte is known to begin, or continue, a packet. */
  get aligned(): boolean {
    return this.locked;
  }

  /** Hands all packets that are complete with `data` to `sink`, in order; long runs lie in `data` itself. */
  push(data: Buffer, sink: PacketSink): void {
    let from = Math.min(this.skip, data.length);
    this.skip -= from;
    if (this.carried > 0) {
      const carried = this.carried;
      // A packet's beginning needs the rest of it only; anything else enough to decide each of its bytes.
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
   * Handles the packets that begin in `buf[from..limit)` with the knowledge of `buf[..end)`. Returns where
   * it stopped: at or behind `limit`, or before it, at a byte that needs more data.
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

  /** Goes to the first byte that begins enough packets, or might: then nothing is aligned yet. */
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

  /** The distance of the packets that begin at `at`; 0 when none does. */
  private distanceAt(buf: Buffer, at: number, end: number, passed: number): number {
    if (this.isKnown) {
      const lost = this.discardedBytes + passed - this.discardedAtLoss;
      // A damaged stream must not be taken for another framing by accident.
      if (lost < FORGET_AFTER_BYTES) return prove(buf, at, end, this.distance, SYNCS);
      this.isKnown = false;
    }
    let isUndecided = false;
    for (const distance of PACKET_DISTANCES) {
      const proof = prove(buf, at, end, distance, distance === TS_PACKET ? SYNCS : FIRST_SYNCS);
      if (proof > 0) return proof;
      if (proof === UNDECIDED) isUndecided = true;
      // Fewer bytes decide on 188: nothing else may be found before that.
      if (isUndecided && distance === TS_PACKET) break;
    }
    return isUndecided ? UNDECIDED : 0;
  }

  /** Puts the packets at the present distance in `buf[start..end)` together. */
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

/** `distance` when `count` packets of that distance begin at `at`; 0 when they do not. */
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

/** Length of an RTP header at `at` that is followed by a packet; 0 when there is none. */
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
