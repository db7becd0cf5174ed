import { byteAt } from './packet';

/** Fixed part of a PES header up to and including PES_header_data_length. */
export const PES_FIXED_HEADER = 9;

/** Whether `buf[at..end)` begins like a PES packet (00 00 01). */
export function isPesStart(buf: Buffer, at: number, end: number): boolean {
  return at + 3 <= end && buf[at] === 0 && buf[at + 1] === 0 && buf[at + 2] === 1;
}

/** Whether the PES header says that its payload is encrypted. */
export function isPesScrambled(buf: Buffer, at: number, end: number): boolean {
  return at + 7 <= end && (byteAt(buf, at + 6) & 0x30) !== 0;
}

/**
 * Decoding time in ticks of 90 kHz, 0..2^33−1: the DTS, or the PTS where both are the same, so that it
 * grows in byte order even with B pictures. −1 when there is none or it lies behind `end`.
 */
export function pesDecodingTime(buf: Buffer, at: number, end: number): number {
  if (at + 14 > end) return -1;
  const flags = byteAt(buf, at + 7) & 0xc0;
  if (flags === 0x80) return timestamp(buf, at + 9);
  if (flags === 0xc0 && at + 19 <= end) return timestamp(buf, at + 14);
  return -1;
}

/** Presentation time in ticks of 90 kHz, 0..2^33−1; −1 when there is none or it lies behind `end`. */
export function pesPresentationTime(buf: Buffer, at: number, end: number): number {
  if (at + 14 > end) return -1;
  return (byteAt(buf, at + 7) & 0x80) === 0 ? -1 : timestamp(buf, at + 9);
}

/** 33 bits in five bytes with marker bits between; by multiplication because shifts end at 32. */
function timestamp(buf: Buffer, at: number): number {
  return (
    (byteAt(buf, at) & 0x0e) * 0x20000000 +
    (byteAt(buf, at + 1) << 22) +
    ((byteAt(buf, at + 2) & 0xfe) << 14) +
    (byteAt(buf, at + 3) << 7) +
    (byteAt(buf, at + 4) >> 1)
  );
}
