import { crc32 } from '../media/psi';
import {
  AUDIO_PID,
  MARKER_PID,
  PACKET_BYTES,
  PAT_PID,
  pidOf,
  PMT_PID,
  startsUnit,
  VIDEO_PID,
  writePid,
} from '../media/ts-packet';
import type { Damage } from './damage';

/** Offsets in a packet that holds one section, after its pointer field. */
const SECTION = 5;
const CRC_BYTES = 4;

/** The new PID of each part of the programme, by its usual PID. */
export type PidMap = ReadonlyMap<number, number>;

/** All PIDs increased by `shift`, except for the given ones. */
export function foreignPids(
  shift: number,
  given: {
    readonly pmt?: number;
    readonly video?: number;
    readonly audio?: number;
    readonly markers?: number;
  } = {},
): PidMap {
  return new Map([
    [PMT_PID, given.pmt ?? PMT_PID + shift],
    [VIDEO_PID, given.video ?? VIDEO_PID + shift],
    [AUDIO_PID, given.audio ?? AUDIO_PID + shift],
    [MARKER_PID, given.markers ?? MARKER_PID + shift],
  ]);
}

/**
 * The same programme as another multiplexer would send it: on other PIDs, with counters that are increased by
 * seven, and tables of version `version` for these PIDs. `since` (ms since 1970): the broadcast itself changes at
 * that time.
 */
export function withForeignPids(pids: PidMap, version: number, since: number | null): Damage {
  let isForeign = since === null;
  return (data, _offset, dueMs) => {
    for (let at = 0; at < data.length; at += PACKET_BYTES) {
      const pid = pidOf(data, at);
      // Begins with its tables, so that no packet is sent on a PID that was not announced.
      if (!isForeign && pid === PAT_PID) isForeign = dueMs(at / PACKET_BYTES) >= (since ?? 0);
      if (!isForeign) continue;
      if (pid === PAT_PID && isWhole(data, at)) renamePat(data, at, pids, version);
      if (pid === PMT_PID && isWhole(data, at)) renamePmt(data, at, pids, version);
      const other = pids.get(pid);
      if (other === undefined) continue;
      writePid(data, at + 1, other);
      const header = data.readUInt8(at + 3);
      data.writeUInt8((header & 0xf0) | ((header + 7) & 0x0f), at + 3);
    }
    return data;
  };
}

/** One section in one packet: only the broadcast's own tables, not those of a flood. */
function isWhole(data: Buffer, at: number): boolean {
  const length = 3 + (data.readUInt16BE(at + SECTION + 1) & 0x0fff);
  return startsUnit(data, at) && SECTION + length <= PACKET_BYTES;
}

function renamePat(data: Buffer, at: number, pids: PidMap, version: number): void {
  renameAt(data, at + SECTION + 8 + 2, pids);
  finish(data, at, version);
}

function renamePmt(data: Buffer, at: number, pids: PidMap, version: number): void {
  const section = at + SECTION;
  const end = section + 3 + (data.readUInt16BE(section + 1) & 0x0fff) - CRC_BYTES;
  renameAt(data, section + 8, pids);
  let entry = section + 12;
  while (entry < end) {
    renameAt(data, entry + 1, pids);
    entry += 5 + (data.readUInt16BE(entry + 3) & 0x0fff);
  }
  finish(data, at, version);
}

function renameAt(data: Buffer, at: number, pids: PidMap): void {
  const pid = data.readUInt16BE(at) & 0x1fff;
  writePid(data, at, pids.get(pid) ?? pid);
}

function finish(data: Buffer, at: number, version: number): void {
  const section = at + SECTION;
  const crcAt = section + 3 + (data.readUInt16BE(section + 1) & 0x0fff) - CRC_BYTES;
  data.writeUInt8(0xc1 | (version << 1), section + 5);
  data.writeUInt32BE(crc32(data.subarray(section, crcAt)), crcAt);
}
