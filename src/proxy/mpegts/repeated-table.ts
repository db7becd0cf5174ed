import { byteAt } from './packet';
import { CRC_BYTES, crc32Mpeg, PAT_HEADER, PAT_TABLE, PMT_HEADER } from './psi';

/**
 * Maximum number of sections of a table. A PMT has only one by the standard, and the PAT of a transponder needs only
 * one.
 */
const MAX_SECTIONS = 16;
/** Maximum length of a PAT or PMT section that players accept. */
const MAX_MERGED = 1024;
const NO_BYTES: Buffer = Buffer.alloc(0);

/**
 * What a section did to its table: it completed the table with the same content (`repeated`) or with new content
 * (`changed`), or it did neither (`incomplete`).
 */
export type TableState = 'incomplete' | 'repeated' | 'changed';

/** A PAT or PMT that arrives again and again, in one section or in several. */
export class RepeatedTable {
  /** One section with the complete content and a correct CRC; empty until the table is complete. Never modified. */
  section = NO_BYTES;
  /** Sections of the last complete table. */
  private parts: readonly Buffer[] = [];
  /** The packets that carried each of these sections last. */
  private packets: Buffer[] = [];
  /** Sections of a new table that is not complete yet. */
  private pending: (Buffer | undefined)[] = [];
  /** The packets that carried each of these sections. */
  private pendingPackets: (Buffer | undefined)[] = [];

  /**
   * Takes a current section and its packets. The section is valid only during the call; the packets belong to this
   * table.
   */
  take(section: Buffer, packets: Buffer): TableState {
    const number = byteAt(section, 6);
    const last = byteAt(section, 7);
    if (last >= MAX_SECTIONS) return 'incomplete';
    const known = this.parts.length === last + 1 ? this.parts[number] : undefined;
    if (known?.equals(section) === true) {
      this.packets[number] = packets;
      return number === last ? 'repeated' : 'incomplete';
    }
    if (this.pending.length !== last + 1 || !this.isSameVersion(section)) {
      this.pending = new Array<undefined>(last + 1).fill(undefined);
      this.pendingPackets = new Array<undefined>(last + 1).fill(undefined);
    }
    this.pending[number] = Buffer.from(section);
    this.pendingPackets[number] = packets;
    const parts = this.pending.filter((part) => part !== undefined);
    if (parts.length <= last) return 'incomplete';
    this.parts = parts;
    this.packets = this.pendingPackets.filter((part) => part !== undefined);
    this.pending = [];
    this.pendingPackets = [];
    this.section = merged(parts);
    return 'changed';
  }

  /** The packets that carried the table last, unchanged, in the order of its sections. */
  lastPackets(): Buffer {
    if (this.packets.length <= 1) return this.packets[0] ?? NO_BYTES;
    // Sections that arrived in the same packets have equal packet buffers.
    const distinct = this.packets.filter((packets, at) => !this.packets[at - 1]?.equals(packets));
    return Buffer.concat(distinct);
  }

  /** True if the section has the same version as the pending sections. */
  private isSameVersion(section: Buffer): boolean {
    const other = this.pending.find((part) => part !== undefined);
    return other?.[5] === section[5];
  }
}

/** Merges several sections into one; entries beyond the maximum length are omitted. */
function merged(parts: readonly Buffer[]): Buffer {
  const [first = NO_BYTES, ...more] = parts;
  if (more.length === 0) return first;
  const whole = [first.subarray(0, first.length - CRC_BYTES)];
  let length = first.length;
  for (const part of more) {
    const entries = part.subarray(entriesAt(part), part.length - CRC_BYTES);
    if (length + entries.length > MAX_MERGED) break;
    length += entries.length;
    whole.push(entries);
  }
  const section = Buffer.concat([...whole, Buffer.alloc(CRC_BYTES)]);
  section.writeUInt16BE(0xb000 | (section.length - 3), 1);
  section[6] = 0;
  section[7] = 0;
  const crcAt = section.length - CRC_BYTES;
  section.writeUInt32BE(crc32Mpeg(section, 0, crcAt), crcAt);
  return section;
}

function entriesAt(section: Buffer): number {
  if (section[0] === PAT_TABLE) return PAT_HEADER;
  return Math.min(section.length, PMT_HEADER + (section.readUInt16BE(10) & 0x0fff));
}
