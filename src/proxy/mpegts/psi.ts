import { byteAt, payloadUnitStart, TS_PACKET } from './packet';
import { type Programme } from './programme';
import { codecOf, mediaKindOf } from './stream-codec';

/** Longest section there is (private ones; PAT and PMT end at 1024). */
const MAX_SECTION = 4096;
/** Packets that such a section can touch, its first and last one shared with others. */
const MAX_SECTION_PACKETS = Math.ceil(MAX_SECTION / (TS_PACKET - 5)) + 2;

const PAT_TABLE = 0x00;
const PMT_TABLE = 0x02;
const STUFFING_TABLE = 0xff;
const CRC_BYTES = 4;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let crc = index << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc >>> 0;
});

/** CRC-32/MPEG-2 of `buf[start..end)`; 0 over a section that contains its own right CRC. */
export function crc32Mpeg(buf: Buffer, start = 0, end = buf.length): number {
  let crc = 0xffffffff;
  for (let at = start; at < end; at++) {
    crc = (crc << 8) ^ (CRC_TABLE[((crc >>> 24) ^ byteAt(buf, at)) & 0xff] as number);
  }
  return crc >>> 0;
}

/**
 * Takes a complete section whose CRC is right, and the packets that carried it, verbatim, first to last.
 * `section` is lent until the return, `packets` is the receiver's.
 */
export type SectionSink = (section: Buffer, packets: Buffer) => void;

/** Puts the sections of one PID together; bounded by the longest section and its packets. */
export class SectionAssembler {
  private readonly section = Buffer.allocUnsafeSlow(MAX_SECTION);
  private filled = 0;
  /** Whether bytes belong to a section; outside of one, all up to the next unit start is skipped. */
  private inside = false;
  private readonly packets = Buffer.allocUnsafeSlow(MAX_SECTION_PACKETS * TS_PACKET);
  private packetBytes = 0;

  constructor(private readonly sink: SectionSink) {}

  /** Takes one packet; `payloadAt` is the index of its first payload byte. Duplicates are the caller's to drop. */
  push(buf: Buffer, offset: number, payloadAt: number): void {
    const end = offset + TS_PACKET;
    let at = payloadAt;
    if (at >= end) return;
    this.keepPacket(buf, offset);
    if (payloadUnitStart(buf, offset)) {
      const begin = at + 1 + byteAt(buf, at);
      if (this.inside) this.take(buf, at + 1, Math.min(begin, end));
      this.begin(buf, offset);
      at = begin;
    }
    while (this.inside && at < end) {
      if (this.filled === 0 && byteAt(buf, at) === STUFFING_TABLE) this.reset();
      else {
        at = this.take(buf, at, end);
        if (this.filled === 0) this.begin(buf, offset);
      }
    }
    // A section that begins in a later packet announces itself there.
    if (this.filled === 0) this.reset();
  }

  /** Forgets a section that lost a packet. */
  reset(): void {
    this.inside = false;
    this.filled = 0;
    this.packetBytes = 0;
  }

  /** A section begins in this packet, so its packets begin with this one. */
  private begin(buf: Buffer, offset: number): void {
    this.reset();
    this.inside = true;
    this.keepPacket(buf, offset);
  }

  private keepPacket(buf: Buffer, offset: number): void {
    if (!this.inside) return;
    if (this.packetBytes + TS_PACKET > this.packets.length) this.reset();
    else this.packetBytes += buf.copy(this.packets, this.packetBytes, offset, offset + TS_PACKET);
  }

  /** Adds bytes up to the section's end; returns the index behind the last one used, `filled` is 0 after an end. */
  private take(buf: Buffer, start: number, end: number): number {
    let at = start;
    while (at < end) {
      const wanted = this.filled < 3 ? 3 : 3 + this.sectionLength();
      if (wanted > MAX_SECTION) {
        this.reset();
        return end;
      }
      const next = Math.min(end, at + wanted - this.filled);
      this.filled += buf.copy(this.section, this.filled, at, next);
      at = next;
      if (this.filled >= 3 && this.filled === 3 + this.sectionLength()) {
        this.deliver();
        this.filled = 0;
        return at;
      }
    }
    return at;
  }

  private sectionLength(): number {
    return ((byteAt(this.section, 1) & 0x0f) << 8) | byteAt(this.section, 2);
  }

  private deliver(): void {
    if (crc32Mpeg(this.section, 0, this.filled) !== 0) return;
    this.sink(
      this.section.subarray(0, this.filled),
      Buffer.from(this.packets.subarray(0, this.packetBytes)),
    );
  }
}

/** One entry of the PAT. The entry of programme 0 is the network table's and not listed. */
export interface PatProgramme {
  readonly number: number;
  readonly pmtPid: number;
}

export interface Pat {
  readonly tsid: number;
  readonly version: number;
  readonly programmes: readonly PatProgramme[];
}

/** Only the first section of a table that is in force; later sections list what we never choose. */
function isFirstCurrent(section: Buffer, table: number, atLeast: number): boolean {
  return (
    section.length >= atLeast + CRC_BYTES &&
    section[0] === table &&
    (byteAt(section, 5) & 1) === 1 &&
    section[6] === 0
  );
}

function versionOf(section: Buffer): number {
  return (byteAt(section, 5) >> 1) & 0x1f;
}

function pidAt(section: Buffer, at: number): number {
  return section.readUInt16BE(at) & 0x1fff;
}

/** Reads a PAT section (CRC checked before); null when it is another table, not in force, or malformed. */
export function parsePat(section: Buffer): Pat | null {
  if (!isFirstCurrent(section, PAT_TABLE, 8)) return null;
  const programmes: PatProgramme[] = [];
  for (let at = 8; at + 4 <= section.length - CRC_BYTES; at += 4) {
    const number = section.readUInt16BE(at);
    if (number !== 0) programmes.push({ number, pmtPid: pidAt(section, at + 2) });
  }
  return { tsid: section.readUInt16BE(3), version: versionOf(section), programmes };
}

/** Reads a PMT section that came on `pmtPid`; null when it is another table, not in force, or malformed. */
export function parsePmt(section: Buffer, pmtPid: number): Programme | null {
  if (!isFirstCurrent(section, PMT_TABLE, 12)) return null;
  const end = section.length - CRC_BYTES;
  const streams: Programme['streams'][number][] = [];
  let at = 12 + (section.readUInt16BE(10) & 0x0fff);
  while (at + 5 <= end) {
    const streamType = byteAt(section, at);
    const next = at + 5 + (section.readUInt16BE(at + 3) & 0x0fff);
    if (next > end) return null;
    const descriptors = Buffer.from(section.subarray(at + 5, next));
    const codec = codecOf(streamType, descriptors);
    const kind = mediaKindOf(codec);
    streams.push({ pid: pidAt(section, at + 1), streamType, codec, kind, descriptors });
    at = next;
  }
  return {
    programmeNumber: section.readUInt16BE(3),
    pmtPid,
    pcrPid: pidAt(section, 8),
    version: versionOf(section),
    streams,
  };
}
