import { byteAt, SYNC, TS_PACKET } from './packet';
import { PACKET_DISTANCES } from './packet-aligner';

/** Number of bytes at the beginning of a source that are kept to identify its format. */
export const HEAD_BYTES = 2048;

/** Number of sync bytes at a constant distance that prove packets of an unknown framing. */
const SYNCS = 5;
const MAX_DISTANCE = Math.floor(HEAD_BYTES / SYNCS);
const MAX_TEXT = 40;
const MAX_DUMP = 16;

/** Signatures of media formats: the bytes at an offset. */
const BEGINNINGS: readonly (readonly [name: string, offset: number, bytes: string])[] = [
  ['MP4', 4, 'ftyp'],
  ['Matroska', 0, '\x1aE\xdf\xa3'],
  ['FLV', 0, 'FLV'],
  ['Ogg', 0, 'OggS'],
  ['AVI or WAV', 0, 'RIFF'],
  ['MP3', 0, 'ID3'],
  ['ASF', 0, '\x30\x26\xb2\x75'],
  ['an MPEG program stream', 0, '\0\0\x01\xba'],
  ['an MPEG elementary stream', 0, '\0\0\x01\xb3'],
  ['an H.264 or HEVC elementary stream', 0, '\0\0\0\x01'],
  ['AAC', 0, '\xff\xf1'],
  ['AAC', 0, '\xff\xf9'],
  ['AC-3', 0, '\x0bw'],
];

/** Name of the media format that begins with these bytes; null if they begin no media format, such as an error page. */
export function mediaFormatOf(head: Buffer): string | null {
  const text = head.toString('latin1', 0, 16);
  return BEGINNINGS.find(([, offset, bytes]) => text.startsWith(bytes, offset))?.[0] ?? null;
}

/** The first bytes for an error message: as text if possible, else as hex digits. */
export function describeBytes(head: Buffer): string {
  if (head.length === 0) return 'nothing';
  const text = head.toString('latin1', 0, MAX_TEXT).replace(/[\t\r\n]+/g, ' ');
  if (/^[ -~]+$/.test(text)) return `the text "${text.trim().replaceAll('"', "'")}"`;
  const dump = head.toString('hex', 0, MAX_DUMP);
  return `the bytes ${dump.replace(/..(?=.)/g, '$& ')}`;
}

/**
 * Distance of the transport packets in `head` if it is one that we do not support; null if there are no such packets.
 */
export function foreignDistanceOf(head: Buffer): number | null {
  for (let distance = TS_PACKET + 1; distance <= MAX_DISTANCE; distance++) {
    if (PACKET_DISTANCES.some((known) => distance % known === 0)) continue;
    const last = head.length - (SYNCS - 1) * distance - 4;
    for (let at = 0; at <= Math.min(last, distance); at++) {
      if (arePackets(head, at, distance)) return distance;
    }
  }
  return null;
}

function arePackets(head: Buffer, first: number, distance: number): boolean {
  for (let index = 0, at = first; index < SYNCS; index++, at += distance) {
    // Every packet has a payload or an adaptation field. Text of the letter G (0x47) alone has neither.
    if (head[at] !== SYNC || (byteAt(head, at + 3) & 0x30) === 0) return false;
  }
  return true;
}
