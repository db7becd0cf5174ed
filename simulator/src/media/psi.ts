import type { Clip } from './clip';
import {
  AUDIO_PID,
  MARKER_PID,
  PACKET_BYTES,
  PAT_PID,
  PMT_PID,
  SDT_PID,
  VIDEO_PID,
  writeHeader,
} from './ts-packet';

const PROGRAM = 1;
const PRIVATE_PES = 0x06;
/** "ACEF": distinguishes the marker stream from real private data. */
const REGISTRATION = Buffer.from([0x05, 0x04, 0x41, 0x43, 0x45, 0x46]);

/** CRC-32 of MPEG-2 systems: polynomial 0x04C11DB7, not reflected, initial value all ones. */
export function crc32(data: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of data) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit += 1)
      crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  return crc >>> 0;
}

/** Differences of a table from a valid one. */
export interface SectionOptions {
  readonly version?: number;
  /** The table is marked as not yet valid. */
  readonly isNext?: boolean;
}

/** A section of any length in as many packets as it needs. */
export function sectionPackets(
  pid: number,
  tableId: number,
  extension: number,
  body: Buffer,
  { version = 0, isNext = false }: SectionOptions = {},
): Buffer[] {
  const section = Buffer.alloc(8 + body.length + 4);
  section.writeUInt8(tableId, 0);
  section.writeUInt16BE(0xb000 | (section.length - 3), 1);
  section.writeUInt16BE(extension, 3);
  section.writeUInt8(0xc0 | (version << 1) | (isNext ? 0 : 1), 5);
  // Section 0 of 0.
  body.copy(section, 8);
  section.writeUInt32BE(crc32(section.subarray(0, section.length - 4)), section.length - 4);
  const data = Buffer.concat([Buffer.from([0]), section]);
  const packets: Buffer[] = [];
  for (let at = 0; at < data.length; at += PACKET_BYTES - 4) {
    const packet = Buffer.alloc(PACKET_BYTES, 0xff);
    writeHeader(packet, 0, pid, at === 0);
    data.copy(packet, 4, at);
    packets.push(packet);
  }
  return packets;
}

function sectionPacket(pid: number, tableId: number, extension: number, body: Buffer): Buffer {
  const [packet, ...more] = sectionPackets(pid, tableId, extension, body);
  if (packet === undefined || more.length > 0) {
    throw new RangeError('the section does not fit into one packet');
  }
  return packet;
}

/** Programme number and PID of the PMT, one after the other. */
export function patBody(programmes: readonly (readonly [number, number])[]): Buffer {
  const body = Buffer.alloc(programmes.length * 4);
  programmes.forEach(([number, pid], index) => {
    body.writeUInt16BE(number, index * 4);
    body.writeUInt16BE(0xe000 | pid, index * 4 + 2);
  });
  return body;
}

/** PID of the clock, then type and PID of each stream. */
export function pmtBody(pcrPid: number, streams: readonly (readonly [number, number])[]): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(0xe000 | pcrPid, 0);
  head.writeUInt16BE(0xf000, 2);
  return Buffer.concat([head, ...streams.map(([type, pid]) => streamEntry(type, pid))]);
}

export function patPacket(): Buffer {
  return sectionPacket(PAT_PID, 0x00, 1, patBody([[PROGRAM, PMT_PID]]));
}

function streamEntry(type: number, pid: number, descriptors: Buffer = Buffer.alloc(0)): Buffer {
  const entry = Buffer.alloc(5);
  entry.writeUInt8(type, 0);
  entry.writeUInt16BE(0xe000 | pid, 1);
  entry.writeUInt16BE(0xf000 | descriptors.length, 3);
  return Buffer.concat([entry, descriptors]);
}

/** With video the PCR is on the video PID, else on the audio PID. */
export function pmtPacket(
  { video, audio }: Pick<Clip, 'video' | 'audio'>,
  audioOnly: boolean,
): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(0xe000 | (audioOnly ? AUDIO_PID : VIDEO_PID), 0);
  head.writeUInt16BE(0xf000, 2);
  const streams = [
    ...(audioOnly ? [] : [streamEntry(video.type, VIDEO_PID, video.descriptors)]),
    streamEntry(audio.type, AUDIO_PID, audio.descriptors),
    streamEntry(PRIVATE_PES, MARKER_PID, REGISTRATION),
  ];
  return sectionPacket(PMT_PID, 0x02, PROGRAM, Buffer.concat([head, ...streams]));
}

/** Service description: players show `name` as the title. */
export function sdtPacket(name: string, audioOnly: boolean): Buffer {
  const provider = Buffer.from('Simulator', 'latin1');
  const service = Buffer.from(name, 'latin1').subarray(0, 100);
  const descriptor = Buffer.concat([
    Buffer.from([0x48, 3 + provider.length + service.length, audioOnly ? 0x02 : 0x01]),
    Buffer.from([provider.length]),
    provider,
    Buffer.from([service.length]),
    service,
  ]);
  const head = Buffer.alloc(8);
  head.writeUInt16BE(1, 0); // original network
  head.writeUInt8(0xff, 2);
  head.writeUInt16BE(PROGRAM, 3);
  head.writeUInt8(0xfc, 5);
  head.writeUInt16BE(0x8000 | descriptor.length, 6); // running, not scrambled
  return sectionPacket(SDT_PID, 0x42, 1, Buffer.concat([head, descriptor]));
}
