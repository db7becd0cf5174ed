import {
  DISCONTINUITY_FLAG,
  PACKET_BYTES,
  RANDOM_ACCESS_FLAG,
  SYNC_BYTE,
  stampOffset,
  stampSequence,
  stampWallClockMs,
} from './packet-stamp';
import { type ViewerTally } from './viewer-tally';

const UNKNOWN = -1;

/**
 * Checks every packet of one viewer's body: a sync byte where a packet must begin, sequence numbers without gaps or
 * repetitions. Reads may end anywhere; a packet in two reads is joined in a small buffer of the viewer, everything
 * else is checked in the read buffer, without allocation.
 */
export class PacketChecker {
  /** Set by the first packet with the random access flag. */
  sawKeyFrame = false;
  private readonly carry = Buffer.alloc(PACKET_BYTES);
  private carried = 0;
  private expected = UNKNOWN;
  private newestStamp = UNKNOWN;

  constructor(private readonly tally: ViewerTally) {}

  /**
   * Consumes the bytes [start, end) of a read.
   * @returns the source's wall clock (ms) in the newest stamped packet that this read completed, or -1
   */
  read(bytes: Buffer, start: number, end: number): number {
    let newestMs = UNKNOWN;
    let offset = start;
    if (this.carried > 0) {
      const taken = Math.min(PACKET_BYTES - this.carried, end - start);
      bytes.copy(this.carry, this.carried, start, start + taken);
      this.carried += taken;
      offset += taken;
      if (this.carried < PACKET_BYTES) return UNKNOWN;
      this.carried = 0;
      this.newestStamp = UNKNOWN;
      this.check(this.carry, 0);
      if (this.newestStamp !== UNKNOWN) newestMs = stampWallClockMs(this.carry, this.newestStamp);
    }
    this.newestStamp = UNKNOWN;
    while (offset + PACKET_BYTES <= end) {
      if (bytes[offset] === SYNC_BYTE) {
        this.check(bytes, offset);
        offset += PACKET_BYTES;
      } else {
        offset = this.nextSync(bytes, offset, end);
      }
    }
    if (this.newestStamp !== UNKNOWN) newestMs = stampWallClockMs(bytes, this.newestStamp);
    if (offset < end && bytes[offset] !== SYNC_BYTE) offset = this.nextSync(bytes, offset, end);
    this.carried = bytes.copy(this.carry, 0, offset, end);
    return newestMs;
  }

  /** The next sync byte that is followed by another one a packet later, within this read. */
  private nextSync(bytes: Buffer, offset: number, end: number): number {
    this.tally.misaligned++;
    let next = bytes.indexOf(SYNC_BYTE, offset + 1);
    while (next !== UNKNOWN && next + PACKET_BYTES < end) {
      if (bytes[next + PACKET_BYTES] === SYNC_BYTE) return next;
      next = bytes.indexOf(SYNC_BYTE, next + 1);
    }
    return next === UNKNOWN || next > end ? end : next;
  }

  /** A packet that begins with a sync byte. */
  private check(bytes: Buffer, packet: number): void {
    const hasAdaptation = ((bytes[packet + 3] ?? 0) & 0x20) !== 0 && (bytes[packet + 4] ?? 0) > 0;
    const flags = hasAdaptation ? (bytes[packet + 5] ?? 0) : 0;
    if ((flags & DISCONTINUITY_FLAG) !== 0) this.tally.discontinuityFlags++;
    const stamp = stampOffset(bytes, packet);
    if (stamp === UNKNOWN) {
      if (bytes[packet + 2] === 0xff && ((bytes[packet + 1] ?? 0) & 0x1f) === 0x1f) {
        this.tally.nullPackets++;
      }
      return;
    }
    if ((flags & RANDOM_ACCESS_FLAG) !== 0) this.sawKeyFrame = true;
    const sequence = stampSequence(bytes, stamp);
    if (this.expected !== UNKNOWN && sequence !== this.expected) this.countJump(sequence);
    this.expected = sequence + 1;
    this.newestStamp = stamp;
  }

  private countJump(sequence: number): void {
    if (sequence > this.expected) {
      this.tally.gaps++;
      this.tally.lostPackets += sequence - this.expected;
    } else {
      this.tally.repeatedPackets += this.expected - sequence;
    }
  }
}
