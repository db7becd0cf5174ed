import { packetsOfSection } from './outgoing-tables';
import {
  byteAt,
  continuityCounter,
  hasPayload,
  payloadOffset,
  payloadUnitStart,
  pid as pidOf,
  scrambled,
  transportError,
  TS_PACKET,
} from './packet';
import { type PacketSink } from './packet-aligner';
import { type Programme } from './programme';
import {
  CRC_BYTES,
  PAT_HEADER,
  PAT_TABLE,
  parsePat,
  parsePmt,
  PMT_HEADER,
  PMT_TABLE,
  SectionAssembler,
} from './psi';
import { PROVING_COPIES, rectified, SectionProof } from './section-proof';
import { type BudgetHolder, type SourceBudget } from './source-budget';

/** The code that receives the repaired packets. The repair asks it whether it could read the tables. */
export interface PacketConsumer {
  /** Null until it has read a PAT and a PMT. */
  readonly programme: Programme | null;
  /** The source's budget, to which the work of the repair is charged. */
  readonly budget: SourceBudget;
}

/** Maximum number of PIDs on which PMTs are sought, and maximum number of PMTs that are repaired. */
const MAX_CANDIDATES = 32;
/** Maximum number of sections of one table; sections with higher numbers are ignored. */
const MAX_SECTIONS = 16;
/** A PMT is dropped after this many sections of other PMTs have arrived without one of its own. */
const MAX_MISSED = 200;
/** Entries of a PAT, or streams of a PMT, that are read for one budget unit. */
const ENTRIES_PER_UNIT = 8;
const PAT_PID = 0;
/** transport_stream_id of a generated PAT if the source has no PAT. */
const GENERATED_STREAM_ID = 1;

/** A PMT that has arrived in several equal copies. */
interface FoundTable {
  readonly programmeNumber: number;
  readonly pid: number;
  /** The section numbers that have arrived. */
  readonly sections: Set<number>;
  /** Number of sections of other PMTs that have arrived since the last section of this one. */
  missed: number;
}

/**
 * Repairs the PAT and PMTs of a source before the consumer reads them: tables with a wrong CRC, tables that are never
 * marked as current, tables with missing sections, and a PAT that is missing or lists none of the PMTs. A section
 * with a wrong CRC is trusted after it has arrived three times unchanged.
 *
 * At first all packets pass unchanged. If the consumer reads a PAT and a PMT by itself, the repair is switched off
 * for good. If a PMT arrives in three equal copies before that, the repair replaces the packets of the PAT and the
 * PMTs from then on, and never ends.
 */
export class TableRepair implements BudgetHolder {
  budget: SourceBudget;
  private state: 'watching' | 'unnecessary' | 'repairing' = 'watching';
  private readonly proof = new SectionProof();
  private readonly assemblers = new Map<number, SectionAssembler>();
  /**
   * Continuity counter of the last packet of each table PID: the received one while packets pass unchanged, then the
   * sent one.
   */
  private readonly counters = new Map<number, number>();
  private readonly found = new Map<string, FoundTable>();
  /** PIDs whose packets are replaced: PID 0 and the PIDs of the found PMTs. */
  private replaced = new Set<number>();
  /** Reliable sections of the source's PAT, by section number. */
  private readonly pat = new Map<number, Buffer>();
  /** True if the source's PAT lists one of the found PMTs. Otherwise a PAT is generated. */
  private patListsFoundPmt = false;
  private generatedPat: readonly Buffer[] = [];
  private generatedVersion = 0;
  private streamId = GENERATED_STREAM_ID;
  /** Packets to be sent in place of the current packet. */
  private queued: Buffer[] = [];

  constructor(budget: SourceBudget) {
    this.budget = budget;
  }

  /** Passes `buf[start..end)` to `sink`; where packets are replaced, in several calls. */
  push(buf: Buffer, start: number, end: number, consumer: PacketConsumer, sink: PacketSink): void {
    this.budget = consumer.budget;
    if (this.state === 'repairing') {
      this.replace(buf, start, end, sink);
      return;
    }
    sink(buf, start, end);
    if (this.state === 'unnecessary') return;
    // `sink` has passed these packets to the consumer, which has a programme by now if the tables are valid.
    if (consumer.programme !== null) {
      this.retire();
      return;
    }
    for (let at = start; at < end; at += TS_PACKET) this.readPacket(buf, at);
    this.sendQueued(sink);
  }

  private retire(): void {
    this.state = 'unnecessary';
    this.assemblers.clear();
    this.counters.clear();
    this.pat.clear();
  }

  private replace(buf: Buffer, start: number, end: number, sink: PacketSink): void {
    let from = start;
    for (let at = start; at < end; at += TS_PACKET) {
      const isReplaced = this.replaced.has(pidOf(buf, at));
      this.readPacket(buf, at);
      if (!isReplaced && this.queued.length === 0) continue;
      const until = isReplaced ? at : at + TS_PACKET;
      if (until > from) sink(buf, from, until);
      from = at + TS_PACKET;
      this.sendQueued(sink);
    }
    if (end > from) sink(buf, from, end);
  }

  private sendQueued(sink: PacketSink): void {
    if (this.queued.length === 0) return;
    const { queued } = this;
    this.queued = [];
    for (const packet of queued) sink(packet, 0, packet.length);
  }

  private readPacket(buf: Buffer, at: number): void {
    if (!hasPayload(buf, at) || transportError(buf, at) || scrambled(buf, at)) return;
    const pid = pidOf(buf, at);
    const from = payloadOffset(buf, at);
    const assembler = this.assemblers.get(pid) ?? this.assemble(buf, at, from, pid);
    if (assembler === null) return;
    if (!this.replaced.has(pid)) this.counters.set(pid, continuityCounter(buf, at));
    assembler.push(buf, at, from);
  }

  /**
   * The assembler of a PID. One is created for PID 0, and for any PID on which a section with the table id of a PMT
   * begins.
   */
  private assemble(buf: Buffer, at: number, from: number, pid: number): SectionAssembler | null {
    if (pid !== PAT_PID) {
      if (!payloadUnitStart(buf, at) || this.assemblers.size > MAX_CANDIDATES) return null;
      const section = from + 1 + byteAt(buf, from);
      if (section + 3 > at + TS_PACKET || buf[section] !== PMT_TABLE) return null;
      if ((byteAt(buf, section + 1) & 0xc0) !== 0x80) return null;
    }
    const assembler = new SectionAssembler(
      (section, _packets, isIntact) => this.onSection(pid, section, isIntact),
      { takesDamaged: true, holder: this },
    );
    this.assemblers.set(pid, assembler);
    return assembler;
  }

  private onSection(pid: number, section: Buffer, isIntact: boolean): void {
    const isPat = pid === PAT_PID;
    const header = isPat ? PAT_HEADER : PMT_HEADER;
    if (section.length < header + CRC_BYTES) return;
    if (section[0] !== (isPat ? PAT_TABLE : PMT_TABLE)) return;
    const copies = this.proof.take(pid, section);
    if (!isIntact && copies < PROVING_COPIES) return;
    if (byteAt(section, 6) >= MAX_SECTIONS) return;
    if (isPat) this.onPat(section, copies);
    else this.onPmt(pid, section, copies);
  }

  private onPat(section: Buffer, copies: number): void {
    const number = byteAt(section, 6);
    const isNew = copies === 1 || !this.pat.has(number);
    if (isNew) {
      const [other] = this.pat.values();
      if (other !== undefined && other[5] !== section[5]) this.pat.clear();
      this.pat.set(number, Buffer.from(section));
      this.streamId = section.readUInt16BE(3);
      if (this.state === 'repairing') this.checkPatReference();
    }
    if (this.patListsFoundPmt) this.queueTable(section, this.pat.keys(), PAT_PID);
  }

  private onPmt(pid: number, section: Buffer, copies: number): void {
    const programmeNumber = section.readUInt16BE(3);
    const name = nameOf(programmeNumber, pid);
    const known = this.found.get(name);
    if (known === undefined || copies === 1) {
      if (!this.pays(section.length / 5)) return;
      const programme = parsePmt(rectified(section, 0, 1), pid);
      if (programme === null || programme.streams.length === 0) return;
    }
    // Wait for three copies even if the CRC is correct: meanwhile the consumer reads a valid PAT that lists this PMT,
    // and no repair is needed.
    if (known === undefined && copies < PROVING_COPIES) return;
    const table = known ?? { programmeNumber, pid, sections: new Set<number>(), missed: 0 };
    const isNew = known === undefined;
    if (isNew && this.found.size >= MAX_CANDIDATES) return;
    if (isNew) this.found.set(name, table);
    if (this.forgetMissed(table) || isNew) {
      this.replaced = new Set([PAT_PID, ...[...this.found.values()].map((one) => one.pid)]);
      this.state = 'repairing';
      this.checkPatReference();
      if (this.patListsFoundPmt) {
        for (const part of this.pat.values()) this.queueTable(part, this.pat.keys(), PAT_PID);
      }
    }
    table.sections.add(byteAt(section, 6));
    const [first] = this.found.values();
    if (!this.patListsFoundPmt && table === first)
      this.queued.push(...this.withNextCounters(this.generatedPat, PAT_PID));
    this.queueTable(section, table.sections, pid);
  }

  /** Drops the PMTs that no longer arrive. Returns true if it dropped any. */
  private forgetMissed(present: FoundTable): boolean {
    const before = this.found.size;
    present.missed = 0;
    for (const [name, table] of this.found) {
      if (table !== present && ++table.missed > MAX_MISSED) this.found.delete(name);
    }
    return this.found.size < before;
  }

  /** Checks whether the source's PAT lists one of the found PMTs, and generates a PAT if it does not. */
  private checkPatReference(): void {
    const sections = [...this.pat.values()];
    const entries = sections.reduce((sum, { length }) => sum + length / 4, this.found.size);
    if (!this.pays(entries)) return;
    this.patListsFoundPmt = sections.some((section) => {
      const listed = parsePat(rectified(section, 0, 1))?.programmes ?? [];
      return listed.some(({ number, pmtPid }) => this.found.has(nameOf(number, pmtPid)));
    });
    if (!this.patListsFoundPmt) this.makePat();
  }

  /**
   * Queues one section, numbered as if the table had only the sections `numbers`. A table of which a section never
   * arrives is then complete.
   */
  private queueTable(section: Buffer, numbers: Iterable<number>, pid: number): void {
    const all = [...numbers];
    const place = all.filter((other) => other < byteAt(section, 6)).length;
    const packets = packetsOfSection(rectified(section, place, all.length), pid);
    this.queued.push(...this.withNextCounters(packets, pid));
  }

  private makePat(): void {
    const entries = [...this.found.values()].map(({ programmeNumber, pid }) => {
      const entry = Buffer.alloc(4);
      entry.writeUInt16BE(programmeNumber, 0);
      entry.writeUInt16BE(0xe000 | pid, 2);
      return entry;
    });
    const header = Buffer.from([PAT_TABLE, 0, 0, 0, 0, 0xc1 | (this.generatedVersion << 1), 0, 0]);
    this.generatedVersion = (this.generatedVersion + 1) & 0x1f;
    const section = Buffer.concat([header, ...entries, Buffer.alloc(CRC_BYTES)]);
    section.writeUInt16BE(0xb000 | (section.length - 3), 1);
    section.writeUInt16BE(this.streamId, 3);
    this.generatedPat = packetsOfSection(rectified(section, 0, 1), PAT_PID);
  }

  /** Copies of the packets, with the continuity counters that follow the last packet sent on the PID. */
  private withNextCounters(packets: readonly Buffer[], pid: number): Buffer[] {
    return packets.map((packet) => {
      const counter = ((this.counters.get(pid) ?? -1) + 1) & 0x0f;
      this.counters.set(pid, counter);
      const copy = Buffer.from(packet);
      copy[3] = 0x10 | counter;
      return copy;
    });
  }

  private pays(entries: number): boolean {
    return this.budget.spend('tables', entries / ENTRIES_PER_UNIT);
  }
}

function nameOf(programmeNumber: number, pid: number): string {
  return `${programmeNumber} ${pid}`;
}
