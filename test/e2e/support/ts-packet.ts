/** Parser of MPEG-TS packets, independent of the code under test. Offsets are relative to `data`. */
export const PACKET_BYTES = 188;
export const NULL_PID = 0x1fff;
export const PAT_PID = 0;

/** PIDs of the simulator's programme; splices keep them for viewers. */
export const SIM_PIDS = { pmt: 0x1000, video: 0x100, audio: 0x101, marker: 0x1abc } as const;

const MAGIC = Buffer.from('ACESIM01', 'latin1');
const TIMESTAMP_WRAP = 2 ** 33;

export function pidOf(data: Buffer, at: number): number {
  return data.readUInt16BE(at + 1) & 0x1fff;
}

export function startsUnit(data: Buffer, at: number): boolean {
  return (data.readUInt8(at + 1) & 0x40) !== 0;
}

export function hasPayload(data: Buffer, at: number): boolean {
  return (data.readUInt8(at + 3) & 0x10) !== 0;
}

export function continuityOf(data: Buffer, at: number): number {
  return data.readUInt8(at + 3) & 0x0f;
}

function adaptationFlags(data: Buffer, at: number): number {
  const isThere = (data.readUInt8(at + 3) & 0x20) !== 0;
  return isThere && data.readUInt8(at + 4) > 0 ? data.readUInt8(at + 5) : 0;
}

export function isDiscontinuity(data: Buffer, at: number): boolean {
  return (adaptationFlags(data, at) & 0x80) !== 0;
}

export function isRandomAccess(data: Buffer, at: number): boolean {
  return (adaptationFlags(data, at) & 0x40) !== 0;
}

/** Offset of the payload of a packet. */
export function payloadOffset(data: Buffer, at: number): number {
  const hasAdaptation = (data.readUInt8(at + 3) & 0x20) !== 0;
  return at + (hasAdaptation ? 5 + data.readUInt8(at + 4) : 4);
}

/** DTS of the PES packet that starts in this packet, or its PTS if there is no DTS, 90 kHz; null if none starts. */
export function decodeTimeOf(data: Buffer, at: number): number | null {
  return timeOf(data, at, 14);
}

/** PTS of the PES packet that starts in this packet, 90 kHz; null if none starts. */
export function presentationTimeOf(data: Buffer, at: number): number | null {
  return timeOf(data, at, 9);
}

/** `both`: offset of the requested time in a header with two times. */
function timeOf(data: Buffer, at: number, both: number): number | null {
  if (!startsUnit(data, at) || !hasPayload(data, at)) return null;
  const pes = payloadOffset(data, at);
  if (pes + 19 > at + PACKET_BYTES || data.readUIntBE(pes, 3) !== 1) return null;
  const flags = data.readUInt8(pes + 7) >> 6;
  if (flags < 2) return null;
  const field = pes + (flags === 3 ? both : 9);
  const high = (data.readUInt8(field) >> 1) & 0x07;
  const middle = data.readUInt16BE(field + 1) >> 1;
  const low = data.readUInt16BE(field + 3) >> 1;
  return high * 2 ** 30 + middle * 2 ** 15 + low;
}

/** Base of the programme clock reference of the packet, 90 kHz; null if it has none. */
export function clockOf(data: Buffer, at: number): number | null {
  if ((adaptationFlags(data, at) & 0x10) === 0) return null;
  return data.readUInt32BE(at + 6) * 2 + (data.readUInt8(at + 10) >> 7);
}

/** Difference between two decoding times in 90 kHz ticks, without the wrap of 33 bits. */
export function ticksBetween(before: number, after: number): number {
  const step = (after - before + TIMESTAMP_WRAP) % TIMESTAMP_WRAP;
  return step > TIMESTAMP_WRAP / 2 ? step - TIMESTAMP_WRAP : step;
}

/** A table that begins and ends in this packet: its version, its body and whether its CRC is correct. */
export function sectionOf(
  data: Buffer,
  at: number,
): { tableId: number; version: number; body: Buffer; isIntact: boolean } | null {
  if (!startsUnit(data, at) || !hasPayload(data, at)) return null;
  const payload = payloadOffset(data, at);
  // A damaged adaptation field may be longer than the packet.
  if (payload >= at + PACKET_BYTES) return null;
  const start = payload + 1 + data.readUInt8(payload);
  if (start + 8 > at + PACKET_BYTES) return null;
  const length = data.readUInt16BE(start + 1) & 0x0fff;
  const end = start + 3 + length;
  if (end > at + PACKET_BYTES) return null;
  return {
    tableId: data.readUInt8(start),
    version: (data.readUInt8(start + 5) >> 1) & 0x1f,
    body: Buffer.from(data.subarray(start + 8, end - 4)),
    isIntact: crc32(data.subarray(start, end)) === 0,
  };
}

/** The remainder over a section with its CRC is 0. */
function crc32(data: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit += 1) {
      crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
    }
  }
  return crc >>> 0;
}

/** The content of the simulator's private packets, 50 per second. */
export interface Marker {
  /** Index among all packets of the broadcast except null packets. */
  readonly mediaNumber: number;
  /** Time on air, ms since 1970. */
  readonly broadcastMs: number;
  readonly infohash: string;
}

export function markerOf(data: Buffer, at: number): Marker | null {
  if (pidOf(data, at) !== SIM_PIDS.marker || !hasPayload(data, at)) return null;
  if (data.compare(MAGIC, 0, MAGIC.length, at + 4, at + 4 + MAGIC.length) !== 0) return null;
  return {
    mediaNumber: Number(data.readBigUInt64BE(at + 48)),
    broadcastMs: Number(data.readBigUInt64BE(at + 20) / 1000n) / 1000,
    infohash: data.toString('hex', at + 28, at + 48),
  };
}
