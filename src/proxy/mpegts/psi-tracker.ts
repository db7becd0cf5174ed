import { byteAt, continuityCounter, hasPayload, PID_COUNT, TS_PACKET } from './packet';
import { type Programme, sameProgramme } from './programme';
import {
  isInForce,
  parsePat,
  parsePmt,
  PAT_TABLE,
  type PatProgramme,
  PMT_TABLE,
  SectionAssembler,
} from './psi';
import { RepeatedTable } from './repeated-table';
import { type BudgetHolder } from './source-budget';

const PAT_PID = 0;
/** Maximum number of PMTs that are read while no programme is chosen; a transponder has about twenty. */
const MAX_PMTS = 64;
/** Table entries that are read, or section assemblers that are created, for one budget unit. */
const ENTRIES_PER_UNIT = 8;

/** The complete PAT and PMT, each as one section from table id to CRC. */
export interface PsiTables {
  readonly pat: Buffer;
  readonly pmt: Buffer;
}

/** The packets that carried one table, as they arrived. */
class TablePackets {
  private isOwn = false;

  constructor(private packets: Buffer) {}

  get bytes(): Buffer {
    return this.packets;
  }

  /** Copies the bytes out of the pool, where they would keep the whole pool slab alive. */
  keep(): void {
    if (this.isOwn) return;
    this.isOwn = true;
    const own = Buffer.allocUnsafeSlow(this.packets.length);
    this.packets.copy(own);
    this.packets = own;
  }
}

/** Approximate heap memory of a Buffer without its bytes. */
const BUFFER_BYTES = 250;

/** Continuity counters of the last packets on the PIDs of PAT and PMT. Those packets may have carried other tables. */
interface TableCounters {
  pat: number;
  pmt: number;
}

/** The packets of one complete PAT and PMT, the PAT first. Snapshots share the packets of unchanged tables. */
export class PsiSnapshot {
  private readonly counters: TableCounters;

  constructor(
    private readonly pat: TablePackets,
    private readonly pmt: TablePackets,
    counters: TableCounters,
  ) {
    this.counters = { ...counters };
  }

  /**
   * Both tables in a new Buffer. Their counters are set so that the packets after this snapshot continue them,
   * because other tables may have been sent on the same PIDs in between.
   */
  preface(): Buffer {
    const pat = this.pat.bytes.length;
    const preface = Buffer.concat([this.pat.bytes, this.pmt.bytes]);
    numberUpTo(this.counters.pat, preface.subarray(0, pat));
    numberUpTo(this.counters.pmt, preface.subarray(pat));
    return preface;
  }

  /** True if no packet has arrived on the two PIDs since this snapshot, so that these are still their counters. */
  isUpTo({ pat, pmt }: TableCounters): boolean {
    return this.counters.pat === pat && this.counters.pmt === pmt;
  }

  /** Copies pooled bytes; call before the snapshot is kept for long. */
  keep(): void {
    this.pat.keep();
    this.pmt.keep();
  }

  /** Bytes of memory that this snapshot holds and `other` does not. */
  bytesBeside(other: PsiSnapshot | null): number {
    let bytes = 0;
    if (this.pat !== other?.pat) bytes += this.pat.bytes.length + BUFFER_BYTES;
    if (this.pmt !== other?.pmt) bytes += this.pmt.bytes.length + BUFFER_BYTES;
    return bytes;
  }
}

/**
 * Tracks the PAT and the PMT of one programme. It chooses the acceptable programme whose PMT is complete first and
 * announces streams, and keeps it while the PAT lists it.
 */
export class PsiTracker {
  programme: Programme | null = null;
  /** Number of changes of PIDs or types after the first programme. */
  programmeChanges = 0;
  /** True once a complete PAT was seen. */
  patSeen = false;
  /** The programmes that the PAT lists. */
  listed: readonly PatProgramme[] = [];

  private taken: PsiSnapshot | null = null;
  private readonly counters: TableCounters = { pat: 0, pmt: 0 };
  private readonly pat = new RepeatedTable();
  private pmt = new RepeatedTable();
  private patPackets: TablePackets | null = null;
  private pmtPackets: TablePackets | null = null;
  private chosen: PatProgramme | null = null;
  /** True if the last PMT of the chosen programme has streams. */
  private isPlayable = false;
  /** While no programme is chosen: the PMTs that have arrived, by programme number and PID. They may be incomplete. */
  private offered = new Map<number, RepeatedTable>();
  private rolesChanged = false;
  private readonly patAssembler: SectionAssembler;
  private readonly pmtAssemblers = new Map<number, SectionAssembler>();

  /** @param isAcceptable returns true if a programme that the PAT lists may be chosen */
  constructor(
    private readonly holder: BudgetHolder,
    private readonly isAcceptable: (programme: Programme) => boolean = () => true,
  ) {
    this.patAssembler = new SectionAssembler((section, packets) => this.onPat(section, packets), {
      holder,
    });
  }

  /** The last complete PAT and PMT. Null until both are complete, and while a programme is being chosen again. */
  get snapshot(): PsiSnapshot | null {
    if (this.taken?.isUpTo(this.counters) === false) this.takeSnapshot();
    return this.taken;
  }

  /** The last complete tables, with their CRC; null before there was a programme. Never modified. */
  get tables(): PsiTables | null {
    return this.programme === null ? null : { pat: this.pat.section, pmt: this.pmt.section };
  }

  /** PIDs of PMTs. Their packets must be passed to `push`, as must those of the PAT. */
  pmtPids(): Iterable<number> {
    return this.pmtAssemblers.keys();
  }

  /** Takes a packet of the PAT or of a PMT PID. Returns true if the PMT PIDs or the programme changed. */
  push(buf: Buffer, offset: number, payloadAt: number, pid: number): boolean {
    this.rolesChanged = false;
    this.assemblerOf(pid)?.push(buf, offset, payloadAt);
    if (hasPayload(buf, offset)) {
      if (pid === PAT_PID) this.counters.pat = continuityCounter(buf, offset);
      else if (pid === this.chosen?.pmtPid) this.counters.pmt = continuityCounter(buf, offset);
    }
    return this.rolesChanged;
  }

  /** Call when a packet of this PID was lost. */
  gap(pid: number): void {
    this.assemblerOf(pid)?.reset();
  }

  /**
   * Starts to choose a programme again. `programme` remains until the choice is made, because its media may still
   * arrive.
   */
  chooseAnew(): void {
    this.chosen = null;
    this.offered.clear();
    this.pmtPackets = null;
    this.taken = null;
    const wanted = new Set<number>();
    for (const { pmtPid } of this.listed) {
      if (wanted.size >= MAX_PMTS) break;
      if (pmtPid !== PAT_PID) wanted.add(pmtPid);
    }
    for (const pid of this.pmtAssemblers.keys()) {
      if (!wanted.delete(pid)) this.pmtAssemblers.delete(pid);
    }
    if (!this.pays(wanted.size)) return;
    for (const pid of wanted) this.assemble(pid);
  }

  private assemblerOf(pid: number): SectionAssembler | undefined {
    return pid === PAT_PID ? this.patAssembler : this.pmtAssemblers.get(pid);
  }

  private onPat(section: Buffer, packets: Buffer): void {
    if (!isInForce(section, PAT_TABLE)) return;
    const state = this.pat.take(section, packets);
    if (state === 'incomplete') return;
    if (state === 'changed') {
      const table = this.pat.section;
      const pat = this.pays(table.length / 4) ? parsePat(table) : null;
      if (pat === null) return;
      this.listed = pat.programmes;
      this.rolesChanged = true;
      const { chosen } = this;
      if (chosen === null || !this.listed.some((entry) => isSame(entry, chosen))) this.chooseAnew();
    }
    this.patSeen = true;
    this.patPackets = new TablePackets(this.pat.lastPackets());
    this.takeSnapshot();
  }

  private assemble(pid: number): void {
    const { holder } = this;
    this.pmtAssemblers.set(
      pid,
      new SectionAssembler((section, packets) => this.onPmt(pid, section, packets), { holder }),
    );
  }

  private onPmt(pid: number, section: Buffer, packets: Buffer): void {
    if (!isInForce(section, PMT_TABLE)) return;
    const entry = { number: section.readUInt16BE(3), pmtPid: pid };
    const { chosen } = this;
    if (chosen !== null && !isSame(chosen, entry)) return;
    const table = chosen === null ? this.offer(entry) : this.pmt;
    const state = table?.take(section, packets) ?? 'incomplete';
    if (table === null || state === 'incomplete') return;
    if (chosen === null || state === 'changed') {
      const programme = this.pays(table.section.length / 5) ? parsePmt(table.section, pid) : null;
      const isPlayable = programme !== null && programme.streams.length > 0;
      if (chosen !== null) this.isPlayable = isPlayable;
      if (!isPlayable) return;
      if (chosen === null && !this.isAcceptable(programme)) return;
      if (chosen === null) this.choose(entry, table);
      if (this.programme !== null && !sameProgramme(this.programme, programme)) {
        this.programmeChanges++;
      }
      this.programme = programme;
      this.rolesChanged = true;
    }
    this.pmtPackets = new TablePackets(this.pmt.lastPackets());
    this.takeSnapshot();
  }

  /** The table in which the PMT of a listed programme is collected; null if the PAT does not list the programme. */
  private offer(entry: PatProgramme): RepeatedTable | null {
    const key = entry.number * PID_COUNT + entry.pmtPid;
    const known = this.offered.get(key);
    if (known !== undefined) return known;
    if (this.offered.size >= MAX_PMTS || !this.listed.some((other) => isSame(other, entry))) {
      return null;
    }
    const table = new RepeatedTable();
    this.offered.set(key, table);
    return table;
  }

  private choose(entry: PatProgramme, table: RepeatedTable): void {
    this.chosen = entry;
    this.pmt = table;
    this.isPlayable = true;
    this.offered.clear();
    for (const pid of this.pmtAssemblers.keys()) {
      if (pid !== entry.pmtPid) this.pmtAssemblers.delete(pid);
    }
  }

  private takeSnapshot(): void {
    const { patPackets, pmtPackets } = this;
    if (patPackets === null || pmtPackets === null || !this.isPlayable) return;
    this.taken = new PsiSnapshot(patPackets, pmtPackets, this.counters);
  }

  private pays(entries: number): boolean {
    return this.holder.budget.spend('tables', entries / ENTRIES_PER_UNIT);
  }
}

/** Numbers the packets consecutively, so that the last one has the counter `last`. */
function numberUpTo(last: number, packets: Buffer): void {
  let counter = last - packets.length / TS_PACKET + 1 + 0x100;
  for (let at = 0; at < packets.length; at += TS_PACKET) {
    packets[at + 3] = (byteAt(packets, at + 3) & 0xf0) | (counter++ & 0x0f);
  }
}

function isSame(a: PatProgramme, b: PatProgramme): boolean {
  return a.number === b.number && a.pmtPid === b.pmtPid;
}
