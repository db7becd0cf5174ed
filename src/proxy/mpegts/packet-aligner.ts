import { SYNC, TS_PACKET } from './packet';

/**
 * Takes a run of whole packets, `buf[start..end)`. The bytes are lent: they must be copied before
 * returning, because a packet split over two pushes comes from a small buffer that is used again.
 */
export type PacketSink = (buf: Buffer, start: number, end: number) => void;

/** Room for what one push leaves undecided (< 377 bytes) and what decides it. */
const CARRY_BYTES = TS_PACKET * 6;

/**
 * Cuts a byte stream into packets, however its bytes are split. Alignment is gained by three sync bytes
 * 188 apart; from then on each packet's own sync byte is checked, and a wrong one starts the search anew
 * at that byte. Never holds more than two packets and a byte.
 */
export class PacketAligner {
  /** How often alignment was lost after it had been gained. */
  resyncs = 0;
  /** Bytes that belonged to no packet. */
  discardedBytes = 0;

  private readonly carry = Buffer.allocUnsafeSlow(CARRY_BYTES);
  private carried = 0;
  private locked = false;

  /** Whether the next byte is known to begin, or continue, a packet. */
  get aligned(): boolean {
    return this.locked;
  }

  /** Hands all packets that are complete with `data` to `sink`, in order; long runs lie in `data` itself. */
  push(data: Buffer, sink: PacketSink): void {
    let from = 0;
    if (this.carried > 0) {
      const carried = this.carried;
      // An aligned carry needs the rest of its packet only; an unaligned one enough to decide each of its bytes.
      const room = (this.locked ? TS_PACKET : CARRY_BYTES) - carried;
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
    const at = this.walk(data, from, data.length, data.length, sink);
    if (at < data.length) this.carried = data.copy(this.carry, 0, at);
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
      const run = at;
      const last = Math.min(limit - 1, end - TS_PACKET);
      while (at <= last && buf[at] === SYNC) at += TS_PACKET;
      if (at > run) sink(buf, run, at);
      if (at >= limit || buf[at] === SYNC) return at;
      this.locked = false;
      this.resyncs++;
    }
    return at;
  }

  /** Goes to the first byte that begins three packets, or might: then nothing is aligned yet. */
  private search(buf: Buffer, from: number, end: number, limit: number): number {
    let at = from;
    for (; at < limit; at++) {
      if (buf[at] !== SYNC) continue;
      const second = at + TS_PACKET;
      if (second >= end) break;
      if (buf[second] !== SYNC) continue;
      const third = second + TS_PACKET;
      if (third >= end) break;
      if (buf[third] !== SYNC) continue;
      this.locked = true;
      break;
    }
    this.discardedBytes += at - from;
    return at;
  }
}
