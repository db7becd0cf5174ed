/** Bytes of one MPEG-TS packet. */
export const PACKET_BYTES = 188;
export const SYNC_BYTE = 0x47;

export const PAT_PID = 0x0000;
export const SDT_PID = 0x0011;
export const PMT_PID = 0x1000;
export const VIDEO_PID = 0x0100;
export const AUDIO_PID = 0x0101;
/** Contains the running packet number; see marker.ts. */
export const MARKER_PID = 0x1abc;
export const NULL_PID = 0x1fff;

/** PTS, DTS and the PCR base count 90 kHz ticks in 33 bits. */
export const TIMESTAMP_WRAP = 2 ** 33;
export const TICKS_PER_SECOND = 90_000;
export const TICKS_PER_MS = 90;

export function pidOf(data: Buffer, at: number): number {
  return data.readUInt16BE(at + 1) & 0x1fff;
}

export function startsUnit(data: Buffer, at: number): boolean {
  return (data.readUInt8(at + 1) & 0x40) !== 0;
}

export function hasPayload(data: Buffer, at: number): boolean {
  return (data.readUInt8(at + 3) & 0x10) !== 0;
}

/** Flags byte of the adaptation field, 0 if there is none or if it is empty. */
export function adaptationFlags(data: Buffer, at: number): number {
  const present = (data.readUInt8(at + 3) & 0x20) !== 0;
  return present && data.readUInt8(at + 4) > 0 ? data.readUInt8(at + 5) : 0;
}

/** Offset of the payload in the packet; 188 if there is none. */
export function payloadOffset(data: Buffer, at: number): number {
  if (!hasPayload(data, at)) return PACKET_BYTES;
  const adapted = (data.readUInt8(at + 3) & 0x20) !== 0;
  return adapted ? 5 + data.readUInt8(at + 4) : 4;
}

/** A packet header with payload only and continuity counter 0. */
export function writeHeader(data: Buffer, at: number, pid: number, unitStart: boolean): void {
  data.writeUInt8(SYNC_BYTE, at);
  data.writeUInt16BE((unitStart ? 0x4000 : 0) | pid, at + 1);
  data.writeUInt8(0x10, at + 3);
}

/** Overwrites the 13 bits of a PID and keeps the three bits before them; `at` is the offset of its two bytes. */
export function writePid(data: Buffer, at: number, pid: number): void {
  data.writeUInt16BE((data.readUInt16BE(at) & 0xe000) | pid, at);
}

export function writeContinuity(data: Buffer, at: number, counter: number): void {
  data.writeUInt8((data.readUInt8(at + 3) & 0xf0) | counter, at + 3);
}

/** A PTS or DTS field (5 bytes) in ticks. */
export function readTimestamp(data: Buffer, at: number): number {
  const high = (data.readUInt8(at) >> 1) & 0x07;
  const middle = data.readUInt16BE(at + 1) >> 1;
  const low = data.readUInt16BE(at + 3) >> 1;
  return high * 2 ** 30 + middle * 2 ** 15 + low;
}

/** Overwrites the 33 bits of a PTS or DTS field and keeps its 4-bit prefix. */
export function writeTimestamp(data: Buffer, at: number, ticks: number): void {
  const high = Math.floor(ticks / 2 ** 30);
  const rest = ticks % 2 ** 30;
  data.writeUInt8((data.readUInt8(at) & 0xf0) | (high << 1) | 1, at);
  data.writeUInt16BE(((rest >>> 15) << 1) | 1, at + 1);
  data.writeUInt16BE(((rest & 0x7fff) << 1) | 1, at + 3);
}

/** The PCR of a packet with a PCR, in 27 MHz ticks (base × 300 + extension). */
export function readPcr(data: Buffer, at: number): number {
  const base = data.readUInt32BE(at + 6) * 2 + (data.readUInt8(at + 10) >> 7);
  return base * 300 + (data.readUInt16BE(at + 10) & 0x1ff);
}

/** Writes base (33 bits) and extension (9 bits) into a packet whose adaptation field has space for a PCR. */
export function writePcr(data: Buffer, at: number, base: number, extension: number): void {
  data.writeUInt32BE(Math.floor(base / 2), at + 6);
  data.writeUInt16BE(((base % 2) << 15) | 0x7e00 | extension, at + 10);
}

/** `count` null packets in one buffer. */
export function nullPackets(count: number): Buffer {
  const data = Buffer.alloc(count * PACKET_BYTES, 0xff);
  for (let at = 0; at < data.length; at += PACKET_BYTES) writeHeader(data, at, NULL_PID, false);
  return data;
}
