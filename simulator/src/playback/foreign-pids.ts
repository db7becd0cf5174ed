import { crc32 } from '../media/psi';
import {
  AUDIO_PID,
  MARKER_PID,
  PACKET_BYTES,
  PAT_PID,
  pidOf,
  PMT_PID,
  VIDEO_PID,
  writePid,
} from '../media/ts-packet';
import type { Damage } from './packet-damage';

const SHIFTED = new Set([PMT_PID, VIDEO_PID, AUDIO_PID, MARKER_PID]);
/** Where things are in a packet that holds one section, its pointer field before it. */
const SECTION = 5;
const CRC_BYTES = 4;

/**
 * The same programme as another multiplexer would send it: every PID of it is `shift` higher, its counters are seven
 * further, and its tables say so in version `version`.
 */
export function withForeignPids(shift: number, version: number): Damage {
  return (data) => {
    for (let at = 0; at < data.length; at += PACKET_BYTES) {
      const pid = pidOf(data, at);
      if (pid === PAT_PID) renamePat(data, at, shift, version);
      if (pid === PMT_PID) renamePmt(data, at, shift, version);
      if (!SHIFTED.has(pid)) continue;
      writePid(data, at + 1, pid + shift);
      const header = data.readUInt8(at + 3);
      data.writeUInt8((header & 0xf0) | ((header + 7) & 0x0f), at + 3);
    }
    return data;
  };
}

function renamePat(data: Buffer, at: number, shift: number, version: number): void {
  const entry = at + SECTION + 8;
  writePid(data, entry + 2, PMT_PID + shift);
  finish(data, at, version);
}

function renamePmt(data: Buffer, at: number, shift: number, version: number): void {
  const section = at + SECTION;
  const end = section + 3 + (data.readUInt16BE(section + 1) & 0x0fff) - CRC_BYTES;
  writePid(data, section + 8, (data.readUInt16BE(section + 8) & 0x1fff) + shift);
  let entry = section + 12;
  while (entry < end) {
    writePid(data, entry + 1, (data.readUInt16BE(entry + 1) & 0x1fff) + shift);
    entry += 5 + (data.readUInt16BE(entry + 3) & 0x0fff);
  }
  finish(data, at, version);
}

function finish(data: Buffer, at: number, version: number): void {
  const section = at + SECTION;
  const crcAt = section + 3 + (data.readUInt16BE(section + 1) & 0x0fff) - CRC_BYTES;
  data.writeUInt8(0xc1 | (version << 1), section + 5);
  data.writeUInt32BE(crc32(data.subarray(section, crcAt)), crcAt);
}
