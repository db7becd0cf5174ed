import { mapProgramme, type OutgoingProgramme, type ProgrammeMapping } from './outgoing-programme';
import { outgoingTables, packetsOfSection } from './outgoing-tables';
import {
  FIRST_CHOSEN_PID,
  NO_COUNTER,
  NULL_PID,
  payloadOffset,
  PID_COUNT,
  shiftPcr,
  TS_PACKET,
} from './packet';
import { shiftPesTimes } from './pes';
import { type Programme } from './programme';
import { type PsiTables, PsiTracker } from './psi-tracker';
import { type SourceBudget } from './source-budget';

/** Role of a source PID: its packets become null packets. */
const DROP = 0;
/** Role: its packets get the outgoing PID and continue its counters. */
const KEEP = 1;
/** Role: as `KEEP`, and PES timestamps are shifted. */
const TIMED = 2;
/** Role: its packets are replaced by packets of the outgoing PAT. */
const PAT = 3;
/** Role: its packets are replaced by packets of the outgoing PMT. */
const PMT = 4;
/** Role: its packets are null packets and stay unchanged. */
const NULLS = 5;

/** Budget units for mapping changed tables of a source. */
const MAPPING_UNITS = 5;
/** Streams in those tables that cost one further budget unit. */
const STREAMS_PER_UNIT = 4;

/** State of the media sent to viewers so far. */
export interface OutgoingState {
  readonly programme: OutgoingProgramme;
  readonly tables: PsiTables;
  /** Continuity counter of the last packet of each PID, or `NO_COUNTER`. */
  readonly counters: Uint8Array;
  /** Budget of the source that is rewritten. */
  readonly budget: SourceBudget;
}

/** Packets of one outgoing table, which take the places of the source's packets of that table. */
interface TableSlots {
  packets: readonly Buffer[];
  /** A changed table that replaces `packets` once all of them were sent; null if there is none. */
  following: readonly Buffer[] | null;
  /** Index of the next packet to send. */
  next: number;
}

/**
 * Rewrites the packets of a source in place so that it continues the outgoing stream: PIDs, continuity counters,
 * tables and timestamps. Counters are shifted by a constant per PID, so that losses in the source remain visible. If
 * the source has other PIDs or another programme number than the outgoing programme, packets outside its programme
 * become null packets, except those on PIDs below 0x20.
 */
export class PacketRewriter {
  /** True once the source's programme can no longer continue the outgoing one. */
  isForeign = false;
  outgoingProgramme: OutgoingProgramme;
  private readonly psi: PsiTracker;
  /** The source's programme. */
  private programme: Programme | null = null;
  /** The tables that are sent. */
  private tables: PsiTables;
  private readonly roles = new Uint8Array(PID_COUNT);
  /** Outgoing PID of each source PID. */
  private readonly pids = new Uint16Array(PID_COUNT);
  /** Outgoing PIDs of the source's streams and PCR. */
  private mapped: ReadonlyMap<number, number> = new Map();
  /** What is added to the counters of each source PID, modulo 16; `NO_COUNTER` until the PID's first packet. */
  private readonly distances = new Uint8Array(PID_COUNT).fill(NO_COUNTER);
  /** The last counter of each outgoing PID. */
  private readonly counters: Uint8Array;
  private readonly pat: TableSlots = { packets: [], following: null, next: 0 };
  private readonly pmt: TableSlots = { packets: [], following: null, next: 0 };

  /**
   * @param preface PAT and PMT of the source, whole packets
   * @param offset added to every timestamp, in ticks of 90 kHz (0..2^33−1)
   * @throws if `preface` contains no programme
   */
  constructor(
    private readonly outgoing: OutgoingState,
    preface: Buffer,
    readonly offset: number,
  ) {
    for (let pid = 0; pid < PID_COUNT; pid++) this.pids[pid] = pid;
    this.psi = new PsiTracker(outgoing);
    this.outgoingProgramme = outgoing.programme;
    this.tables = outgoing.tables;
    this.counters = Uint8Array.from(outgoing.counters);
    for (let at = 0; at < preface.length; at += TS_PACKET) this.readTables(preface, at);
    // The caller ends a source that has exceeded its budget, so it needs no tables.
    const isReadable = this.programme !== null || outgoing.budget.exceededBy !== null;
    if (!isReadable && !this.isForeign) {
      throw new Error('a source without PAT and PMT can not be mapped');
    }
  }

  /** Rewrites the whole packets `buf[start..end)`. */
  rewrite(buf: Buffer, start: number, end: number): void {
    const { roles, pids, distances, counters, offset } = this;
    for (let at = start; at < end; at += TS_PACKET) {
      const second = buf[at + 1] as number;
      const fourth = buf[at + 3] as number;
      const source = ((second & 0x1f) << 8) | (buf[at + 2] as number);
      const role = roles[source] as number;
      if (role === NULLS) continue;
      if (role === DROP) {
        makeNull(buf, at);
        continue;
      }
      if (role >= PAT) {
        this.table(buf, at, role);
        continue;
      }
      const pid = pids[source] as number;
      buf[at + 1] = (second & 0xe0) | (pid >> 8);
      buf[at + 2] = pid & 0xff;
      let distance = distances[source] as number;
      if (distance === NO_COUNTER) {
        // The header of a damaged packet is not reliable.
        if ((second & 0x80) !== 0) continue;
        distance = this.distanceFor(pid, fourth);
        distances[source] = distance;
      }
      const counter = (fourth + distance) & 0x0f;
      counters[pid] = counter;
      buf[at + 3] = (fourth & 0xf0) | counter;
      if (offset === 0) continue;
      if ((fourth & 0x20) !== 0) shiftPcr(buf, at, offset);
      if (role === TIMED && (second & 0xc0) === 0x40 && (fourth & 0xd0) === 0x10) {
        shiftPesTimes(buf, payloadOffset(buf, at), at + TS_PACKET, offset);
      }
    }
  }

  /**
   * What to add to the counter of a PID so that this packet continues `pid`. A packet without payload must repeat the
   * previous counter.
   */
  private distanceFor(pid: number, fourth: number): number {
    const last = this.counters[pid] as number;
    if (last === NO_COUNTER) return 0;
    return (last + ((fourth & 0x10) === 0 ? 0 : 1) - (fourth & 0x0f) + 32) & 0x0f;
  }

  private table(buf: Buffer, at: number, role: number): void {
    this.readTables(buf, at);
    const slots = role === PAT ? this.pat : this.pmt;
    const pid = role === PAT ? 0 : this.outgoingProgramme.pmtPid;
    const { counters } = this;
    const fourth = buf[at + 3] as number;
    const startsUnit = ((buf[at + 1] as number) & 0x40) !== 0;
    if ((fourth & 0x10) === 0) {
      buf[at + 1] = ((buf[at + 1] as number) & 0xe0) | (pid >> 8);
      buf[at + 2] = pid & 0xff;
      buf[at + 3] = (fourth & 0xf0) | ((counters[pid] as number) & 0x0f);
      return;
    }
    if (slots.next >= slots.packets.length && startsUnit) {
      this.turnOver(slots);
      slots.next = 0;
    }
    const packet = slots.packets[slots.next];
    if (packet === undefined) {
      makeNull(buf, at);
      return;
    }
    slots.next++;
    const counter = ((counters[pid] as number) + 1) & 0x0f;
    counters[pid] = counter;
    packet.copy(buf, at);
    buf[at + 3] = 0x10 | counter;
  }

  /** Reads a table packet of the source, and maps the programme again when the tables have changed. */
  private readTables(buf: Buffer, at: number): void {
    const pid = (((buf[at + 1] as number) & 0x1f) << 8) | (buf[at + 2] as number);
    if (((buf[at + 1] as number) & 0x80) !== 0) return;
    const changed = this.psi.push(buf, at, payloadOffset(buf, at), pid);
    if (!changed && this.programme !== null) return;
    const { programme, tables } = this.psi;
    if (programme === null || tables === null) return;
    const units = MAPPING_UNITS + programme.streams.length / STREAMS_PER_UNIT;
    if (this.programme !== null && !this.outgoing.budget.spend('tables', units)) return;
    const occasion = this.programme === null ? 'splice' : 'under_way';
    const mapping = mapProgramme(this.outgoingProgramme, programme, occasion);
    if (mapping === null) {
      this.isForeign = true;
      return;
    }
    this.programme = programme;
    this.adopt(mapping, outgoingTables(this.tables, tables, programme, mapping));
  }

  private adopt(mapping: ProgrammeMapping, tables: PsiTables): void {
    const { outgoing, pids: mapped, isIdentity } = mapping;
    this.outgoingProgramme = outgoing;
    this.tables = tables;
    this.setPackets(this.pat, packetsOfSection(tables.pat, 0));
    this.setPackets(this.pmt, packetsOfSection(tables.pmt, outgoing.pmtPid));
    const { roles } = this;
    roles.fill(isIdentity ? KEEP : DROP);
    roles.fill(KEEP, 0, FIRST_CHOSEN_PID);
    // A table of the source must not be sent on the PID of a stream that viewers play.
    for (const { pid } of outgoing.streams) roles[pid] = DROP;
    if (outgoing.pcrPid !== NULL_PID) roles[outgoing.pcrPid] = DROP;
    roles[outgoing.pmtPid] = DROP;
    for (const source of this.mapped.keys()) if (!mapped.has(source)) this.rename(source, source);
    this.mapped = mapped;
    for (const [source, pid] of mapped) {
      this.rename(source, pid);
      roles[source] = TIMED;
    }
    for (const pid of this.psi.pmtPids()) roles[pid] = PMT;
    roles[0] = PAT;
    roles[NULL_PID] = NULLS;
  }

  private rename(source: number, pid: number): void {
    if (this.pids[source] === pid) return;
    this.pids[source] = pid;
    this.distances[source] = NO_COUNTER;
  }

  /** A table that is partly sent is finished first; otherwise its last packets would be missing. */
  private setPackets(slots: TableSlots, packets: readonly Buffer[]): void {
    slots.following = packets;
    if (slots.next === 0 || slots.next >= slots.packets.length) this.turnOver(slots);
  }

  private turnOver(slots: TableSlots): void {
    if (slots.following === null) return;
    slots.packets = slots.following;
    slots.next = slots.packets.length;
    slots.following = null;
  }
}

function makeNull(buf: Buffer, at: number): void {
  buf[at + 1] = NULL_PID >> 8;
  buf[at + 2] = NULL_PID & 0xff;
  buf[at + 3] = 0x10;
}
