import { byteAt } from './packet';

/** Fixed part of a PES header up to and including PES_header_data_length. */
export const PES_FIXED_HEADER = 9;
/** PTS, DTS and the PCR base count ticks of 90 kHz modulo this. */
export const TIMESTAMP_WRAP = 2 ** 33;

const PTS_AT = 9;
const DTS_AT = 14;

/** True if `buf[at..end)` begins with a PES start code (00 00 01). */
export function isPesStart(buf: Buffer, at: number, end: number): boolean {
  return at + 3 <= end && buf[at] === 0 && buf[at + 1] === 0 && buf[at + 2] === 1;
}

/** True if the PES header marks its payload as encrypted. */
export function isPesScrambled(buf: Buffer, at: number, end: number): boolean {
  return at + 7 <= end && (byteAt(buf, at + 6) & 0x30) !== 0;
}

/**
 * Decoding time in ticks of 90 kHz, 0..2^33−1: the DTS, or the PTS if there is no DTS, so that it grows in byte order
 * even with B pictures. −1 if there is none or it lies after `end`.
 */
export function pesDecodingTime(buf: Buffer, at: number, end: number): number {
  if (at + 14 > end) return -1;
  const flags = byteAt(buf, at + 7) & 0xc0;
  if (flags === 0x80) return timestamp(buf, at + PTS_AT);
  if (flags === 0xc0 && at + 19 <= end) return timestamp(buf, at + DTS_AT);
  return -1;
}

/** Presentation time in ticks of 90 kHz, 0..2^33−1; −1 if there is none or it lies after `end`. */
export function pesPresentationTime(buf: Buffer, at: number, end: number): number {
  return at + 14 <= end && (byteAt(buf, at + 7) & 0x80) !== 0 ? timestamp(buf, at + PTS_AT) : -1;
}

/**
 * Adds `ticks` (90 kHz, 0..2^33−1) to PTS and DTS of the PES header at `at`, modulo 2^33. No effect if the header is
 * encrypted, has a stream id without timestamps, or has them after `end`.
 */
export function shiftPesTimes(buf: Buffer, at: number, end: number, ticks: number): void {
  if (at + 14 > end || !isPesStart(buf, at, end) || (byteAt(buf, at + 6) & 0xc0) !== 0x80) return;
  const flags = byteAt(buf, at + 7) & 0xc0;
  if ((flags & 0x80) === 0) return;
  shiftTimestamp(buf, at + PTS_AT, ticks);
  if (flags === 0xc0 && at + 19 <= end) shiftTimestamp(buf, at + DTS_AT, ticks);
}

function shiftTimestamp(buf: Buffer, at: number, ticks: number): void {
  writeTimestamp(buf, at, (timestamp(buf, at) + ticks) % TIMESTAMP_WRAP);
}

/** Writes 33 bits into five bytes; the first four bits of the first byte are unchanged. */
export function writeTimestamp(buf: Buffer, at: number, ticks: number): void {
  const high = Math.floor(ticks / 0x40000000);
  const low = ticks % 0x40000000;
  buf[at] = (byteAt(buf, at) & 0xf0) | (high << 1) | 1;
  buf[at + 1] = low >> 22;
  buf[at + 2] = ((low >> 14) & 0xfe) | 1;
  buf[at + 3] = (low >> 7) & 0xff;
  buf[at + 4] = ((low << 1) & 0xfe) | 1;
}

/** Signed shortest distance between two times in ticks of 90 kHz, modulo the wrap. */
export function ticksBetween(from: number, to: number): number {
  const forward = (((to - from) % TIMESTAMP_WRAP) + TIMESTAMP_WRAP) % TIMESTAMP_WRAP;
  return forward >= TIMESTAMP_WRAP / 2 ? forward - TIMESTAMP_WRAP : forward;
}

/**
 * Reads 33 bits from five bytes with marker bits in between; by multiplication, because shifts are limited to 32 bits.
 */
function timestamp(buf: Buffer, at: number): number {
  return (
    (byteAt(buf, at) & 0x0e) * 0x20000000 +
    (byteAt(buf, at + 1) << 22) +
    ((byteAt(buf, at + 2) & 0xfe) << 14) +
    (byteAt(buf, at + 3) << 7) +
    (byteAt(buf, at + 4) >> 1)
  );
}
