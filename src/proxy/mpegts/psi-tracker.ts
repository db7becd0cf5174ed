import { parsePat, parsePmt, type PatProgramme, SectionAssembler } from './psi';
import { type Programme, sameProgramme } from './programme';

const PAT_PID = 0;
/** PMTs read at once while the programme is not chosen; a transponder has about twenty. */
const MAX_PMTS = 64;

/** One PAT and PMT section each, from table id to CRC. */
export interface PsiTables {
  readonly pat: Buffer;
  readonly pmt: Buffer;
}

/** The packets that brought one table, verbatim. Never modified. */
class TablePackets {
  private isOwn = false;

  constructor(private packets: Buffer) {}

  get bytes(): Buffer {
    return this.packets;
  }

  /** Moves the bytes out of the pool: there, they would keep their neighbours for as long as they are kept themselves. */
  keep(): void {
    if (this.isOwn) return;
    this.isOwn = true;
    const own = Buffer.allocUnsafeSlow(this.packets.length);
    this.packets.copy(own);
    this.packets = own;
  }
}

/** What a Buffer takes beside its bytes. */
const BUFFER_BYTES = 250;

/** The packets of one complete PAT and PMT, in the order a player needs them. Snapshots share what has not come anew. */
export class PsiSnapshot {
  constructor(
    private readonly pat: TablePackets,
    private readonly pmt: TablePackets,
  ) {}

  /** Both, verbatim. A new Buffer. */
  preface(): Buffer {
    return Buffer.concat([this.pat.bytes, this.pmt.bytes]);
  }

  /** Call before this is kept for long. */
  keep(): void {
    this.pat.keep();
    this.pmt.keep();
  }

  /** Memory that this snapshot holds and `other` does not. */
  bytesBeside(other: PsiSnapshot | null): number {
    let bytes = 0;
    if (this.pat !== other?.pat) bytes += this.pat.bytes.length + BUFFER_BYTES;
    if (this.pmt !== other?.pmt) bytes += this.pmt.bytes.length + BUFFER_BYTES;
    return bytes;
  }
}

/**
 * Follows PAT and PMT. The programme is the first one whose PMT announces streams after a PAT (PMTs follow
 * in the PAT's order) and stays the same as long as the PAT lists it.
 */
export class PsiTracker {
  programme: Programme | null = null;
  /** Changes of PIDs or types after the first programme. */
  programmeChanges = 0;
  /** A complete PAT was seen. */
  patSeen = false;
  /** The last complete PAT and PMT; null until there are both, and while a new PMT PID has not shown its PMT. */
  snapshot: PsiSnapshot | null = null;
  /** What the PAT lists. */
  listed: readonly PatProgramme[] = [];

  private patPackets: TablePackets | null = null;
  private patSection = Buffer.alloc(0);
  private pmtSection = Buffer.alloc(0);
  private pmtPackets: TablePackets | null = null;
  private chosen: PatProgramme | null = null;
  private rolesChanged = false;
  private readonly patAssembler = new SectionAssembler((section, packets) =>
    this.onPat(section, packets),
  );
  private readonly pmtAssemblers = new Map<number, SectionAssembler>();

  /** The last sections that were complete, with their CRC; null before there was a programme. Never modified. */
  get tables(): PsiTables | null {
    return this.programme === null ? null : { pat: this.patSection, pmt: this.pmtSection };
  }

  /** PIDs whose packets this wants besides the PAT's. */
  pmtPids(): Iterable<number> {
    return this.pmtAssemblers.keys();
  }

  /** Takes a packet of a wanted PID; true when the wanted PIDs or the programme changed. */
  push(buf: Buffer, offset: number, payloadAt: number, pid: number): boolean {
    this.rolesChanged = false;
    this.assemblerOf(pid)?.push(buf, offset, payloadAt);
    return this.rolesChanged;
  }

  /** A packet of this PID was lost. */
  gap(pid: number): void {
    this.assemblerOf(pid)?.reset();
  }

  private assemblerOf(pid: number): SectionAssembler | undefined {
    return pid === PAT_PID ? this.patAssembler : this.pmtAssemblers.get(pid);
  }

  private onPat(section: Buffer, packets: Buffer): void {
    if (!section.equals(this.patSection)) {
      const pat = parsePat(section);
      if (pat === null) return;
      this.patSection = Buffer.from(section);
      this.listed = pat.programmes;
      this.rolesChanged = true;
      const { chosen } = this;
      if (chosen === null || !this.listed.some((entry) => isSame(entry, chosen))) this.chooseAnew();
    }
    this.patSeen = true;
    this.patPackets = new TablePackets(packets);
    this.takeSnapshot();
  }

  /** The programme in use stays known until another one shows its PMT: its media may still be coming. */
  private chooseAnew(): void {
    this.chosen = null;
    this.pmtPackets = null;
    this.snapshot = null;
    this.pmtAssemblers.clear();
    for (const { pmtPid } of this.listed) {
      if (this.pmtAssemblers.size >= MAX_PMTS) break;
      if (pmtPid !== PAT_PID && !this.pmtAssemblers.has(pmtPid)) this.assemble(pmtPid);
    }
  }

  private assemble(pid: number): void {
    this.pmtAssemblers.set(
      pid,
      new SectionAssembler((section, packets) => this.onPmt(pid, section, packets)),
    );
  }

  private onPmt(pid: number, section: Buffer, packets: Buffer): void {
    if (this.chosen === null || !section.equals(this.pmtSection)) {
      const programme = parsePmt(section, pid);
      if (programme === null || programme.streams.length === 0) return;
      const number = programme.programmeNumber;
      if (this.chosen === null) {
        const entry = this.listed.find((other) => isSame(other, { number, pmtPid: pid }));
        if (entry === undefined) return;
        this.chosen = entry;
        for (const other of this.pmtAssemblers.keys()) {
          if (other !== pid) this.pmtAssemblers.delete(other);
        }
      } else if (this.chosen.number !== number) return;
      if (this.programme !== null && !sameProgramme(this.programme, programme)) {
        this.programmeChanges++;
      }
      this.pmtSection = Buffer.from(section);
      this.programme = programme;
      this.rolesChanged = true;
    }
    this.pmtPackets = new TablePackets(packets);
    this.takeSnapshot();
  }

  private takeSnapshot(): void {
    if (this.patPackets === null || this.pmtPackets === null) return;
    this.snapshot = new PsiSnapshot(this.patPackets, this.pmtPackets);
  }
}

function isSame(a: PatProgramme, b: PatProgramme): boolean {
  return a.number === b.number && a.pmtPid === b.pmtPid;
}
