import { PACKET_BYTES, SYNC_BYTE, VIDEO_PID } from './packet-stamp';

export const PMT_PID = 0x1000;

const PSI_HEADER_BYTES = 5;
const PAT = [0x00, 0xb0, 0x0d, 0, 1, 0xc1, 0, 0, 0, 1, 0xe0 | (PMT_PID >> 8), PMT_PID & 0xff];
const PMT = [
  ...[0x02, 0xb0, 0x12, 0, 1, 0xc1, 0, 0, 0xe0 | (VIDEO_PID >> 8), VIDEO_PID & 0xff, 0xf0, 0],
  ...[0x1b, 0xe0 | (VIDEO_PID >> 8), VIDEO_PID & 0xff, 0xf0, 0],
];

/** CRC-32 of MPEG-2 sections: polynomial 04C11DB7, not reflected. Over a section including its CRC it is 0. */
export function sectionCrc(section: Uint8Array | readonly number[]): number {
  let crc = 0xffffffff;
  for (const byte of section) {
    crc ^= byte << 24;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  }
  return crc >>> 0;
}

/** One programme with one H.264 stream on `VIDEO_PID`: the packets of PAT and PMT, continuity 0. */
export function programTables(): { pat: Buffer; pmt: Buffer } {
  return { pat: psiPacket(0, PAT), pmt: psiPacket(PMT_PID, PMT) };
}

function psiPacket(pid: number, section: readonly number[]): Buffer {
  const packet = Buffer.alloc(PACKET_BYTES, 0xff);
  packet.set([SYNC_BYTE, 0x40 | (pid >> 8), pid & 0xff, 0x10, 0]);
  packet.set(section, PSI_HEADER_BYTES);
  packet.writeUInt32BE(sectionCrc(section), PSI_HEADER_BYTES + section.length);
  return packet;
}
