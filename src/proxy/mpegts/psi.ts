import { byteAt, FIRST_STREAM_PID, NULL_PID, payloadUnitStart, TS_PACKET } from './packet';
import { type Programme, type ProgrammeStream } from './programme';
import { type BudgetHolder } from './source-budget';
import { codecOf, mediaKindOf } from './stream-codec';

/** Maximum length of a section. Private sections may be this long; sections of PAT and PMT have at most 1024 bytes. */
const MAX_SECTION = 4096;
/**
 * Number of packets that a section of this length can span if it shares its first and last packet with other
 * sections.
 */
const MAX_SECTION_PACKETS = Math.ceil(MAX_SECTION / (TS_PACKET - 5)) + 2;

export const PAT_TABLE = 0x00;
export const PMT_TABLE = 0x02;
/** Bytes of a PAT section before its entries. */
export const PAT_HEADER = 8;
/** Bytes of a PMT section before the descriptors of the programme, which its entries follow. */
export const PMT_HEADER = 12;
const STUFFING_TABLE = 0xff;
export const CRC_BYTES = 4;
/**
 * Maximum number of streams that are read from a PMT. A PMT of the standard's maximum length has room for about 200.
 */
const MAX_STREAMS = 256;

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let crc = index << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc >>> 0;
});

/** CRC-32/MPEG-2 of `buf[start..end)`; 0 for a section that includes its correct CRC. */
export function crc32Mpeg(buf: Buffer, start = 0, end = buf.length): number {
  let crc = 0xffffffff;
  for (let at = start; at < end; at++) {
    crc = (crc << 8) ^ (CRC_TABLE[((crc >>> 24) ^ byteAt(buf, at)) & 0xff] as number);
  }
  return crc >>> 0;
}

/**
 * Takes a complete section and the packets that carried it, in order. `section` is valid only during the call;
 * `packets` belongs to the receiver. `isIntact` is false if the CRC is wrong.
 */
export type SectionSink = (section: Buffer, packets: Buffer, isIntact: boolean) => void;

export interface AssemblerOptions {
  /** True to deliver sections with a wrong CRC too. */
  readonly takesDamaged?: boolean;
  /** Each section is charged to its budget. A section that the budget refuses is not read. */
  readonly holder?: BudgetHolder;
}

/**
 * A section costs one budget unit, plus one for each this many bytes, because it is compared and its CRC is computed.
 */
const BYTES_PER_UNIT = 1024;

/**
 * Assembles the sections of one PID. Its memory is limited to the longest section and the packets of such a section.
 */
export class SectionAssembler {
  /** Allocated when the first section begins, because many PIDs never have one. */
  private buffers: { readonly section: Buffer; readonly packets: Buffer } | null = null;
  private filled = 0;
  /** True while a section is being assembled. Otherwise everything up to the next payload unit start is skipped. */
  private inside = false;
  private packetBytes = 0;

  constructor(
    private readonly sink: SectionSink,
    private readonly options: AssemblerOptions = {},
  ) {}

  /** Takes one packet; `payloadAt` is the index of its first payload byte. The caller must drop duplicate packets. */
  push(buf: Buffer, offset: number, payloadAt: number): void {
    const end = offset + TS_PACKET;
    let at = payloadAt;
    if (at >= end) return;
    this.keepPacket(buf, offset);
    if (payloadUnitStart(buf, offset)) {
      const begin = at + 1 + byteAt(buf, at);
      if (this.inside) this.take(buf, at + 1, Math.min(begin, end));
      if (!this.begin(buf, offset)) return;
      at = begin;
    }
    while (this.inside && at < end) {
      if (this.filled === 0 && byteAt(buf, at) === STUFFING_TABLE) this.reset();
      else {
        at = this.take(buf, at, end);
        if (this.filled === 0) this.begin(buf, offset);
      }
    }
    // The next section begins in another packet, which has its own payload unit start.
    if (this.filled === 0) this.reset();
  }

  /** Drops the unfinished section, because one of its packets was lost. */
  reset(): void {
    this.inside = false;
    this.filled = 0;
    this.packetBytes = 0;
  }

  /** Begins a section with this packet. False if the budget refuses its buffers. */
  private begin(buf: Buffer, offset: number): boolean {
    this.reset();
    if (this.buffers === null) {
      if (!this.pays(1)) return false;
      this.buffers = {
        section: Buffer.allocUnsafeSlow(MAX_SECTION),
        packets: Buffer.allocUnsafeSlow(MAX_SECTION_PACKETS * TS_PACKET),
      };
    }
    this.inside = true;
    this.keepPacket(buf, offset);
    return true;
  }

  private keepPacket(buf: Buffer, offset: number): void {
    if (!this.inside || this.buffers === null) return;
    const { packets } = this.buffers;
    if (this.packetBytes + TS_PACKET > packets.length) this.reset();
    else this.packetBytes += buf.copy(packets, this.packetBytes, offset, offset + TS_PACKET);
  }

  /**
   * Adds bytes up to the end of the section. Returns the index after the last byte used. `filled` is 0 if the section
   * has ended.
   */
  private take(buf: Buffer, start: number, end: number): number {
    if (this.buffers === null) return end;
    const { section } = this.buffers;
    let at = start;
    while (at < end) {
      const wanted = this.filled < 3 ? 3 : 3 + lengthOf(section);
      if (wanted > MAX_SECTION) {
        this.reset();
        return end;
      }
      const next = Math.min(end, at + wanted - this.filled);
      this.filled += buf.copy(section, this.filled, at, next);
      at = next;
      if (this.filled >= 3 && this.filled === 3 + lengthOf(section)) {
        this.deliver(section.subarray(0, this.filled));
        this.filled = 0;
        return at;
      }
    }
    return at;
  }

  private deliver(section: Buffer): void {
    if (this.buffers === null || !this.pays(1 + section.length / BYTES_PER_UNIT)) return;
    const isIntact = crc32Mpeg(section) === 0;
    if (!isIntact && this.options.takesDamaged !== true) return;
    const packets = Buffer.from(this.buffers.packets.subarray(0, this.packetBytes));
    this.sink(section, packets, isIntact);
  }

  private pays(units: number): boolean {
    return this.options.holder?.budget.spend('tables', units) ?? true;
  }
}

/** Value of section_length, which counts the bytes after that field. */
function lengthOf(section: Buffer): number {
  return ((byteAt(section, 1) & 0x0f) << 8) | byteAt(section, 2);
}

/**
 * One programme of the PAT. The entry with programme number 0 refers to the network information table and is left
 * out.
 */
export interface PatProgramme {
  readonly number: number;
  readonly pmtPid: number;
}

export interface Pat {
  readonly tsid: number;
  readonly version: number;
  readonly programmes: readonly PatProgramme[];
}

/** True for a well-formed section of this table that is marked as current. The table may have further sections. */
export function isInForce(section: Buffer, table: number): boolean {
  const atLeast = table === PAT_TABLE ? PAT_HEADER : PMT_HEADER;
  return (
    section.length >= atLeast + CRC_BYTES &&
    section[0] === table &&
    (byteAt(section, 5) & 1) === 1 &&
    byteAt(section, 6) <= byteAt(section, 7)
  );
}

function versionOf(section: Buffer): number {
  return (byteAt(section, 5) >> 1) & 0x1f;
}

function pidAt(section: Buffer, at: number): number {
  return section.readUInt16BE(at) & 0x1fff;
}

/** Parses a PAT section whose CRC was checked; null if it is another table, not current, or malformed. */
export function parsePat(section: Buffer): Pat | null {
  if (!isInForce(section, PAT_TABLE)) return null;
  const programmes: PatProgramme[] = [];
  for (let at = PAT_HEADER; at + 4 <= section.length - CRC_BYTES; at += 4) {
    const number = section.readUInt16BE(at);
    if (number !== 0) programmes.push({ number, pmtPid: pidAt(section, at + 2) });
  }
  return { tsid: section.readUInt16BE(3), version: versionOf(section), programmes };
}

/**
 * Parses a PMT section from `pmtPid`. The section must not change afterwards, because the result refers to its bytes.
 * Null if it is another table, not current, or malformed. Streams on invalid PIDs and beyond `MAX_STREAMS` are
 * omitted.
 */
export function parsePmt(section: Buffer, pmtPid: number): Programme | null {
  if (!isInForce(section, PMT_TABLE)) return null;
  const end = section.length - CRC_BYTES;
  const streams = new Map<number, ProgrammeStream>();
  let at = PMT_HEADER + (section.readUInt16BE(10) & 0x0fff);
  while (at + 5 <= end) {
    const streamType = byteAt(section, at);
    const next = at + 5 + (section.readUInt16BE(at + 3) & 0x0fff);
    if (next > end) return null;
    const pid = pidAt(section, at + 1);
    const isPossible = pid >= FIRST_STREAM_PID && pid !== NULL_PID && pid !== pmtPid;
    if (isPossible && !streams.has(pid) && streams.size < MAX_STREAMS) {
      const descriptors = section.subarray(at + 5, next);
      const codec = codecOf(streamType, descriptors);
      streams.set(pid, { pid, streamType, codec, kind: mediaKindOf(codec), descriptors });
    }
    at = next;
  }
  return {
    programmeNumber: section.readUInt16BE(3),
    pmtPid,
    pcrPid: pidAt(section, 8),
    version: versionOf(section),
    streams: [...streams.values()],
  };
}
