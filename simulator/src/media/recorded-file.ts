import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import type { Content } from '../content';
import { PACKET_BYTES } from './ts-packet';
import type { Timeline } from './timeline';

/** The bytes of a recorded content: of a known length, readable at any position. */
export interface RecordedFile {
  readonly type: string;
  readonly length: number;
  readonly etag: string;
  readonly lastModified: string;
  /** Bytes `from` (inclusive) to `to` (exclusive); both within the file. */
  read(from: number, to: number): Buffer;
  close(): void;
}

const RECORDED_LOOPS = 8;
const LAST_MODIFIED = 'Thu, 01 Jan 2026 00:00:00 GMT';

export function openRecordedFile(content: Content, timeline: Timeline): RecordedFile {
  const { file } = content.settings;
  if (file.path !== null) return diskFile(file.path, file.type ?? 'application/octet-stream');
  if (file.bytes !== null) return patternFile(file.bytes, file.seed, file.type ?? 'video/mp4');
  return recording(content, timeline, file.type ?? 'video/mp2t');
}

/** The 32-bit word at each position is a hash of the position, so every piece can be generated separately. */
export function patternBytes(seed: number, from: number, to: number): Buffer {
  const firstWord = Math.floor(from / 4);
  const words = Math.ceil(to / 4) - firstWord;
  const data = Buffer.alloc(words * 4);
  for (let n = 0; n < words; n += 1) {
    const mixed = Math.imul((firstWord + n) ^ Math.imul(seed, 0x9e3779b1), 0x85ebca6b);
    data.writeUInt32LE((mixed ^ (mixed >>> 15)) >>> 0, n * 4);
  }
  return data.subarray(from - firstWord * 4, to - firstWord * 4);
}

function patternFile(length: number, seed: number, type: string): RecordedFile {
  return {
    type,
    length,
    etag: etagOf(`pattern ${length} ${seed}`),
    lastModified: LAST_MODIFIED,
    read: (from, to) => patternBytes(seed, from, to),
    close: () => undefined,
  };
}

function diskFile(path: string, type: string): RecordedFile {
  const fd = openSync(path, 'r');
  const { size, mtimeMs } = fstatSync(fd);
  return {
    type,
    length: size,
    etag: etagOf(`${path} ${size} ${mtimeMs}`),
    lastModified: new Date(mtimeMs).toUTCString(),
    read: (from, to) => {
      const data = Buffer.alloc(to - from);
      return data.subarray(0, readSync(fd, data, 0, data.length, from));
    },
    close: () => closeSync(fd),
  };
}

function recording(content: Content, timeline: Timeline, type: string): RecordedFile {
  const packets = RECORDED_LOOPS * timeline.packetsPerLoop;
  return {
    type,
    length: packets * PACKET_BYTES,
    etag: etagOf(`recording ${content.infohash} ${packets}`),
    lastModified: LAST_MODIFIED,
    read: (from, to) => {
      const first = Math.floor(from / PACKET_BYTES);
      const data = timeline.render(first, Math.ceil(to / PACKET_BYTES) - first);
      return data.subarray(from - first * PACKET_BYTES, to - first * PACKET_BYTES);
    },
    close: () => undefined,
  };
}

function etagOf(text: string): string {
  return `"${createHash('sha1').update(text).digest('hex').slice(0, 16)}"`;
}
