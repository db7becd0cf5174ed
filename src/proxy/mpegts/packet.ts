/**
 * Reading one MPEG-TS packet in place (ISO/IEC 13818-1 §2.4.3). Every function takes the buffer and the
 * offset of the packet's sync byte; the caller guarantees that the 188 bytes are there.
 */

/** Bytes of one transport packet. */
export const TS_PACKET = 188;
/** First byte of each packet. */
export const SYNC = 0x47;
/** PID of padding packets. */
export const NULL_PID = 0x1fff;
/** Placeholder in a list of continuity counters: the PID has none yet. */
export const NO_COUNTER = 0xff;
/** Number of PIDs. */
export const PID_COUNT = 8192;
/** PIDs below this one are PAT, CAT and TSDT. The PMTs define the use of all others. */
export const FIRST_STREAM_PID = 0x03;
/** PIDs of DVB tables (NIT, SDT, EIT, RST, TDT, SIT) unless a PMT announces a stream there. */
export const DVB_TABLE_PIDS: readonly number[] = [0x10, 0x11, 0x12, 0x13, 0x14, 0x1f];
/** Lowest PID that we assign to a stream. Lower PIDs may carry tables that pass through. */
export const FIRST_CHOSEN_PID = 0x20;

/** The byte at an index that the caller knows to be valid; avoids a check for undefined on the hot path. */
export function byteAt(buf: Buffer, index: number): number {
  return buf[index] as number;
}

/** Packet identifier, 0..8191. */
export function pid(buf: Buffer, offset: number): number {
  return ((byteAt(buf, offset + 1) & 0x1f) << 8) | byteAt(buf, offset + 2);
}

/** True if a PES packet or a section begins in this packet. */
export function payloadUnitStart(buf: Buffer, offset: number): boolean {
  return (byteAt(buf, offset + 1) & 0x40) !== 0;
}

/** True if the packet was damaged before it arrived; its header is not reliable. */
export function transportError(buf: Buffer, offset: number): boolean {
  return (byteAt(buf, offset + 1) & 0x80) !== 0;
}

/** True if the payload is encrypted (transport_scrambling_control is not 0). */
export function scrambled(buf: Buffer, offset: number): boolean {
  return (byteAt(buf, offset + 3) & 0xc0) !== 0;
}

export function hasAdaptation(buf: Buffer, offset: number): boolean {
  return (byteAt(buf, offset + 3) & 0x20) !== 0;
}

export function hasPayload(buf: Buffer, offset: number): boolean {
  return (byteAt(buf, offset + 3) & 0x10) !== 0;
}

/** Counter of payload packets per PID, modulo 16. */
export function continuityCounter(buf: Buffer, offset: number): number {
  return byteAt(buf, offset + 3) & 0x0f;
}

/** Length of the adaptation field after its length byte; −1 if there is none. */
export function adaptationLength(buf: Buffer, offset: number): number {
  return hasAdaptation(buf, offset) ? byteAt(buf, offset + 4) : -1;
}

function adaptationFlags(buf: Buffer, offset: number): number {
  return adaptationLength(buf, offset) > 0 ? byteAt(buf, offset + 5) : 0;
}

export function discontinuityIndicator(buf: Buffer, offset: number): boolean {
  return (adaptationFlags(buf, offset) & 0x80) !== 0;
}

export function randomAccessIndicator(buf: Buffer, offset: number): boolean {
  return (adaptationFlags(buf, offset) & 0x40) !== 0;
}

/**
 * Programme clock reference in ticks of 27 MHz, 0..2^33·300−1; −1 if the packet has none. The base has 33 bits and is
 * computed by multiplication, because bit shifts are limited to 32 bits.
 */
export function pcr(buf: Buffer, offset: number): number {
  if (adaptationLength(buf, offset) < 7 || (adaptationFlags(buf, offset) & 0x10) === 0) return -1;
  const low = byteAt(buf, offset + 10);
  const base =
    byteAt(buf, offset + 6) * 0x2000000 +
    (byteAt(buf, offset + 7) << 17) +
    (byteAt(buf, offset + 8) << 9) +
    (byteAt(buf, offset + 9) << 1) +
    (low >> 7);
  return base * 300 + ((low & 1) << 8) + byteAt(buf, offset + 11);
}

/**
 * Adds `ticks` of 90 kHz (0..2^33−1) to the PCR of a packet, modulo 2^33; the extension is unchanged. No effect
 * without a PCR.
 */
export function shiftPcr(buf: Buffer, offset: number, ticks: number): void {
  const now = pcr(buf, offset);
  if (now < 0) return;
  const base = (Math.floor(now / 300) + ticks) % 2 ** 33;
  const high = Math.floor(base / 2);
  buf[offset + 6] = high >>> 24;
  buf[offset + 7] = (high >>> 16) & 0xff;
  buf[offset + 8] = (high >>> 8) & 0xff;
  buf[offset + 9] = high & 0xff;
  buf[offset + 10] = (byteAt(buf, offset + 10) & 0x7f) | ((base % 2) << 7);
}

/** Index of the first payload byte; the packet's end if there is no payload or the header is invalid. */
export function payloadOffset(buf: Buffer, offset: number): number {
  const end = offset + TS_PACKET;
  if (!hasPayload(buf, offset)) return end;
  return Math.min(end, offset + 5 + adaptationLength(buf, offset));
}

/**
 * `count` whole packets of PID 0x1FFF, which every demultiplexer drops. They keep a viewer's connection alive while
 * media are missing. The caller owns the buffer.
 */
export function nullPackets(count: number): Buffer {
  const packets = Buffer.alloc(count * TS_PACKET, 0xff);
  for (let at = 0; at < packets.length; at += TS_PACKET) {
    packets[at] = SYNC;
    packets[at + 1] = NULL_PID >> 8;
    packets[at + 2] = NULL_PID & 0xff;
    packets[at + 3] = 0x10;
  }
  return packets;
}
