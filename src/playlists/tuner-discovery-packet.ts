import { crc32 } from 'node:zlib';

const HEAD_BYTES = 4;
const CRC_BYTES = 4;

const PacketType = { request: 2, reply: 3 } as const;

const Tag = {
  deviceType: 0x01,
  deviceId: 0x02,
  tunerCount: 0x10,
  lineupUrl: 0x27,
  baseUrl: 0x2a,
  deviceAuth: 0x2b,
  deviceTypes: 0x2d,
} as const;

const TUNER = 1;
const ANY = 0xffffffff;

/** A length of 128 or more takes two bytes: the low seven bits with the top bit set, then the rest. */
const LONG_LENGTH = 0x80;

/** What a reply says about the tuner. */
export interface DiscoveredTuner {
  /** 8 hex digits. */
  readonly deviceId: string;
  readonly tunerCount: number;
  readonly deviceAuth: string;
  readonly baseUrl: string;
  readonly lineupUrl: string;
}

/**
 * True if the packet looks for a tuner, or for the device with this id. A packet is: type and length of the payload
 * (16 bits each, big endian), the payload as tag (one byte), length and value, and the CRC-32 of all before it (little
 * endian). Source: hdhomerun_pkt.h and hdhomerun_discover.c of libhdhomerun.
 */
export function isRequestFor(deviceId: string, packet: Buffer): boolean {
  const end = packet.length - CRC_BYTES;
  if (end < HEAD_BYTES || packet.readUInt16BE(0) !== PacketType.request) return false;
  if (packet.readUInt16BE(2) !== end - HEAD_BYTES) return false;
  if (packet.readUInt32LE(end) !== crc32(packet.subarray(0, end))) return false;
  const fields = readFields(packet.subarray(HEAD_BYTES, end));
  if (fields === null) return false;
  const types = [
    ...numbersOf(fields.get(Tag.deviceType)),
    ...numbersOf(fields.get(Tag.deviceTypes)),
  ];
  const ids = numbersOf(fields.get(Tag.deviceId));
  // A request may leave out what it does not care about.
  const isForType = types.length === 0 || types.some((type) => type === TUNER || type === ANY);
  return isForType && ids.every((id) => id === ANY || id === parseInt(deviceId, 16));
}

export function discoveryReply(tuner: DiscoveredTuner): Buffer {
  const payload = Buffer.concat([
    field(Tag.deviceType, numberValue(TUNER)),
    field(Tag.deviceId, numberValue(parseInt(tuner.deviceId, 16))),
    field(Tag.deviceAuth, Buffer.from(tuner.deviceAuth)),
    field(Tag.baseUrl, Buffer.from(tuner.baseUrl)),
    // The packet has one byte for it.
    field(Tag.tunerCount, Buffer.from([Math.min(tuner.tunerCount, 255)])),
    field(Tag.lineupUrl, Buffer.from(tuner.lineupUrl)),
  ]);
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt16BE(PacketType.reply, 0);
  head.writeUInt16BE(payload.length, 2);
  const crc = Buffer.alloc(CRC_BYTES);
  crc.writeUInt32LE(crc32(Buffer.concat([head, payload])));
  return Buffer.concat([head, payload, crc]);
}

/** The values by tag; null if the payload is malformed. */
function readFields(payload: Buffer): Map<number, Buffer> | null {
  const fields = new Map<number, Buffer>();
  let at = 0;
  while (at < payload.length) {
    const tag = payload[at++];
    let length = payload[at++];
    if (tag === undefined || length === undefined) return null;
    if (length >= LONG_LENGTH) {
      const high = payload[at++];
      if (high === undefined) return null;
      length = (length & (LONG_LENGTH - 1)) | (high << 7);
    }
    if (at + length > payload.length) return null;
    fields.set(tag, payload.subarray(at, at + length));
    at += length;
  }
  return fields;
}

function field(tag: number, value: Buffer): Buffer {
  const { length } = value;
  const head =
    length < LONG_LENGTH ? [tag, length] : [tag, (length & 0x7f) | LONG_LENGTH, length >> 7];
  return Buffer.concat([Buffer.from(head), value]);
}

/** The 32-bit numbers of a value, which is one number, or several for a list of device types. */
function numbersOf(value: Buffer | undefined): number[] {
  if (value === undefined) return [];
  return Array.from({ length: Math.floor(value.length / 4) }, (_, i) => value.readUInt32BE(i * 4));
}

function numberValue(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
