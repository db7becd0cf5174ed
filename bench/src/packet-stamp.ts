/**
 * The content of every video packet of a measured stream: in the adaptation field's private data, 16 bytes with a
 * sequence number (u64 big endian, counting video packets from 0) and the wall clock when the source wrote it (u64
 * big endian, nanoseconds since 1970).
 */

export const PACKET_BYTES = 188;
export const SYNC_BYTE = 0x47;
export const VIDEO_PID = 0x100;
export const STAMP_BYTES = 16;

/** Bits of the adaptation field's flag byte. */
export const DISCONTINUITY_FLAG = 0x80;
export const RANDOM_ACCESS_FLAG = 0x40;
export const PCR_FLAG = 0x10;
export const PRIVATE_DATA_FLAG = 0x02;

const HIGH = 0x1_0000_0000;
const NS_PER_MS = 1e6;

/** Writes sequence number and time (ms since 1970) at `offset`. A time is exact to 256 ns. */
export function writeStamp(
  target: Buffer,
  offset: number,
  sequence: number,
  wallClockMs: number,
): void {
  const ns = wallClockMs * NS_PER_MS;
  const nsHigh = Math.floor(ns / HIGH);
  target.writeUInt32BE(Math.floor(sequence / HIGH), offset);
  target.writeUInt32BE(sequence % HIGH, offset + 4);
  target.writeUInt32BE(nsHigh, offset + 8);
  target.writeUInt32BE(ns - nsHigh * HIGH, offset + 12);
}

/**
 * Offset of the stamp of the packet at `packet`, or -1 if it has none (another PID, no private data, or private
 * data of another length).
 */
export function stampOffset(source: Uint8Array, packet: number): number {
  const pid = (((source[packet + 1] ?? 0) & 0x1f) << 8) | (source[packet + 2] ?? 0);
  if (pid !== VIDEO_PID || ((source[packet + 3] ?? 0) & 0x20) === 0) return -1;
  const flags = source[packet + 5] ?? 0;
  if ((flags & PRIVATE_DATA_FLAG) === 0) return -1;
  const length = packet + ((flags & PCR_FLAG) === 0 ? 6 : 12);
  return source[length] === STAMP_BYTES ? length + 1 : -1;
}

/** The sequence number of a stamp at `stamp`. */
export function stampSequence(source: Uint8Array, stamp: number): number {
  return readU32(source, stamp) * HIGH + readU32(source, stamp + 4);
}

/** The wall clock of a stamp at `stamp`, in ms since 1970. */
export function stampWallClockMs(source: Uint8Array, stamp: number): number {
  return (readU32(source, stamp + 8) * HIGH + readU32(source, stamp + 12)) / NS_PER_MS;
}

function readU32(source: Uint8Array, offset: number): number {
  return (
    (((source[offset] ?? 0) << 24) |
      ((source[offset + 1] ?? 0) << 16) |
      ((source[offset + 2] ?? 0) << 8) |
      (source[offset + 3] ?? 0)) >>>
    0
  );
}
