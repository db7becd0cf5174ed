import { MARKER_PID, PACKET_BYTES, writeHeader } from './ts-packet';

const MAGIC = Buffer.from('ACESIM01', 'latin1');

/**
 * Content of a marker packet. It has no PES header and never sets the unit start flag, so players skip it.
 * Layout (big endian, offsets in the 188-byte packet):
 * 4 magic "ACESIM01" · 12 u64 packet number · 20 u64 broadcast time, ns since 1970 · 28 infohash, 20 bytes · 48 u64
 * media number · 56 u32 packets per loop · 60 … 0xFF.
 */
export interface Marker {
  /** Index of this packet among all packets of the content's broadcast, null packets included. */
  readonly packetNumber: bigint;
  /** The same count without null packets, for streams whose null packets were removed. */
  readonly mediaNumber: bigint;
  /** Time on air of this packet, in nanoseconds since 1970. */
  readonly broadcastNs: bigint;
  /** 40 hex digits. */
  readonly infohash: string;
  readonly packetsPerLoop: number;
}

/** A marker packet without its changing fields. */
export function markerTemplate(infohash: string, packetsPerLoop: number): Buffer {
  const packet = Buffer.alloc(PACKET_BYTES, 0xff);
  writeHeader(packet, 0, MARKER_PID, false);
  MAGIC.copy(packet, 4);
  Buffer.from(infohash, 'hex').copy(packet, 28);
  packet.writeUInt32BE(packetsPerLoop, 56);
  return packet;
}

export function writeMarker(
  data: Buffer,
  at: number,
  packetNumber: number,
  mediaNumber: number,
  broadcastNs: bigint,
): void {
  data.writeBigUInt64BE(BigInt(packetNumber), at + 12);
  data.writeBigUInt64BE(broadcastNs, at + 20);
  data.writeBigUInt64BE(BigInt(mediaNumber), at + 48);
}

/** The marker in the packet at `at`, or null if the packet is not a marker. */
export function readMarker(data: Buffer, at: number): Marker | null {
  if ((data.readUInt16BE(at + 1) & 0x1fff) !== MARKER_PID) return null;
  if (data.compare(MAGIC, 0, MAGIC.length, at + 4, at + 4 + MAGIC.length) !== 0) return null;
  return {
    packetNumber: data.readBigUInt64BE(at + 12),
    broadcastNs: data.readBigUInt64BE(at + 20),
    infohash: data.toString('hex', at + 28, at + 48),
    mediaNumber: data.readBigUInt64BE(at + 48),
    packetsPerLoop: data.readUInt32BE(at + 56),
  };
}
