import { type ProgrammeMapping } from './outgoing-programme';
import { byteAt, SYNC, TS_PACKET } from './packet';
import { type Programme } from './programme';
import { CRC_BYTES, crc32Mpeg, PAT_HEADER, PMT_HEADER } from './psi';
import { type PsiTables } from './psi-tracker';

const PAYLOAD = TS_PACKET - 4;
const VERSION_AT = 5;
const VERSION_BITS = 0x3e;

/**
 * The tables that announce `source` to viewers as the outgoing programme. `current` are the tables that were sent
 * last. A table with the same content is sent unchanged, with the same version and CRC. A changed table gets the next
 * version.
 */
export function outgoingTables(
  current: PsiTables,
  tables: PsiTables,
  source: Programme,
  mapping: ProgrammeMapping,
): PsiTables {
  return {
    pat: versioned(current.pat, mapPat(current.pat, tables.pat, source, mapping)),
    pmt: versioned(current.pmt, mapPmt(tables.pmt, source, mapping)),
  };
}

/** The section cut into packets of `pid`; all continuity counters are 0. */
export function packetsOfSection(section: Buffer, pid: number): Buffer[] {
  const data = Buffer.concat([Buffer.from([0]), section]);
  const packets: Buffer[] = [];
  for (let at = 0; at < data.length; at += PAYLOAD) {
    const packet = Buffer.alloc(TS_PACKET, 0xff);
    packet[0] = SYNC;
    packet[1] = (at === 0 ? 0x40 : 0) | (pid >> 8);
    packet[2] = pid & 0xff;
    packet[3] = 0x10;
    data.copy(packet, 4, at);
    packets.push(packet);
  }
  return packets;
}

/**
 * Other programmes of the source stay listed only if nothing is renamed, because their PIDs might collide with
 * outgoing ones.
 */
function mapPat(
  current: Buffer,
  section: Buffer,
  source: Programme,
  { outgoing, isIdentity }: ProgrammeMapping,
): Buffer {
  const parts: Buffer[] = [Buffer.from(section.subarray(0, PAT_HEADER))];
  for (let at = PAT_HEADER; at + 4 <= section.length - CRC_BYTES; at += 4) {
    const entry = Buffer.from(section.subarray(at, at + 4));
    const number = entry.readUInt16BE(0);
    const pmtPid = entry.readUInt16BE(2) & 0x1fff;
    const isOurs = number === source.programmeNumber && pmtPid === source.pmtPid;
    if (isOurs) {
      entry.writeUInt16BE(outgoing.programmeNumber, 0);
      entry.writeUInt16BE(0xe000 | outgoing.pmtPid, 2);
    }
    if (isOurs || number === 0 || isIdentity) parts.push(entry);
  }
  const mapped = Buffer.concat([...parts, Buffer.alloc(CRC_BYTES)]);
  current.copy(mapped, 3, 3, 5);
  return mapped;
}

/** Lists the streams in the outgoing order, so that a source with another order yields the same table. */
function mapPmt(
  section: Buffer,
  source: Programme,
  { outgoing, pids, pcrPid }: ProgrammeMapping,
): Buffer {
  const infoEnd = PMT_HEADER + (section.readUInt16BE(10) & 0x0fff);
  const head = Buffer.from(section.subarray(0, infoEnd));
  head.writeUInt16BE(outgoing.programmeNumber, 3);
  head.writeUInt16BE(0xe000 | pcrPid, 8);
  const order = new Map(outgoing.streams.map(({ pid }, index) => [pid, index]));
  const entries = source.streams.flatMap(({ pid, streamType, descriptors }) => {
    const outgoingPid = pids.get(pid);
    if (outgoingPid === undefined) return [];
    const entry = Buffer.alloc(5);
    entry[0] = streamType;
    entry.writeUInt16BE(0xe000 | outgoingPid, 1);
    entry.writeUInt16BE(0xf000 | descriptors.length, 3);
    return [{ place: order.get(outgoingPid) ?? 0, bytes: Buffer.concat([entry, descriptors]) }];
  });
  entries.sort((a, b) => a.place - b.place);
  return Buffer.concat([head, ...entries.map(({ bytes }) => bytes), Buffer.alloc(CRC_BYTES)]);
}

/** Writes length, version and CRC into `mapped`; returns `current` if the content is the same. */
function versioned(current: Buffer, mapped: Buffer): Buffer {
  mapped.writeUInt16BE(0xb000 | (mapped.length - 3), 1);
  const version = byteAt(current, VERSION_AT) & VERSION_BITS;
  const isSame = setVersion(mapped, version).equals(current);
  return isSame ? current : setVersion(mapped, (version + 2) & VERSION_BITS);
}

function setVersion(section: Buffer, bits: number): Buffer {
  // Reserved bits as the standard requires, and current_next_indicator set.
  section[VERSION_AT] = 0xc1 | bits;
  section[6] = 0;
  section[7] = 0;
  const crcAt = section.length - CRC_BYTES;
  section.writeUInt32BE(crc32Mpeg(section, 0, crcAt), crcAt);
  return section;
}
