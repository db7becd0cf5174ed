import { mapProgramme, type OwnProgramme, type ProgrammeMapping } from './own-programme';
import { ownTables, packetsOfSection } from './own-tables';
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

/** Treatment of a PID of the source. */
const DROP = 0;
const KEEP = 1;
const TIMED = 2;
const PAT = 3;
const PMT = 4;
const NULLS = 5;

/** Budget units for mapping changed tables of a source, and for each stream in them. */
const MAPPING_UNITS = 5;
const STREAMS_PER_UNIT = 4;

/** State of the media sent to viewers so far. */
export interface OutgoingState {
  readonly own: OwnProgramme;
  readonly tables: PsiTables;
  /** Continuity counter of the last packet of each PID, or `NO_COUNTER`. */
  readonly counters: Uint8Array;
  /** Budget of the rewritten source. */
  readonly budget: SourceBudget;
}

/** Packets of a table that replace the source's table packets. */
interface TableSlots {
  packets: readonly Buffer[];
  /** Replace `packets` once all of those were sent. */
  following: readonly Buffer[] | null;
  next: number;
}

/**
 * Rewrites the packets of a source in place so that it continues the outgoing stream: PIDs, continuity counters,
 * tables and timestamps. Counters are shifted by a constant per PID, so that losses in the source remain visible.
 * Packets on PIDs that the outgoing programme does not have become null packets, unless nothing is renamed.
 */
export class PacketRewriter {
  /** True once the source's programme can no longer continue the outgoing one. */
  isForeign = false;
  own: OwnProgramme;
  private readonly psi: PsiTracker;
  private programme: Programme | null = null;
  private tables: PsiTables;
  private readonly roles = new Uint8Array(PID_COUNT);
  private readonly pids = new Uint16Array(PID_COUNT);
  /** Outgoing PIDs of the source's streams and PCR. */
  private mapped: ReadonlyMap<number, number> = new Map();
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
    this.own = outgoing.own;
    this.tables = outgoing.tables;
    this.counters = Uint8Array.from(outgoing.counters);
    for (let at = 0; at < preface.length; at += TS_PACKET) this.readTables(preface, at);
    // A source that has exceeded its budget is about to be ended.
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

  /** A packet without payload repeats the counter of the previous packet. */
  private distanceFor(pid: number, fourth: number): number {
    const last = this.counters[pid] as number;
    if (last === NO_COUNTER) return 0;
    return (last + ((fourth & 0x10) === 0 ? 0 : 1) - (fourth & 0x0f) + 32) & 0x0f;
  }

  private table(buf: Buffer, at: number, role: number): void {
    this.readTables(buf, at);
    const slots = role === PAT ? this.pat : this.pmt;
    const pid = role === PAT ? 0 : this.own.pmtPid;
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

  /** Read the source's tables continuously, because they may change. */
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
    const mapping = mapProgramme(this.own, programme, occasion);
    if (mapping === null) {
      this.isForeign = true;
      return;
    }
    this.programme = programme;
    this.adopt(mapping, ownTables(this.tables, tables, programme, mapping));
  }

  private adopt(mapping: ProgrammeMapping, tables: PsiTables): void {
    const { own, pids: mapped, isIdentity } = mapping;
    this.own = own;
    this.tables = tables;
    this.setPackets(this.pat, packetsOfSection(tables.pat, 0));
    this.setPackets(this.pmt, packetsOfSection(tables.pmt, own.pmtPid));
    const { roles } = this;
    roles.fill(isIdentity ? KEEP : DROP);
    roles.fill(KEEP, 0, FIRST_CHOSEN_PID);
    // A table of the source must not be sent on the PID of a stream that viewers play.
    for (const { pid } of own.streams) roles[pid] = DROP;
    if (own.pcrPid !== NULL_PID) roles[own.pcrPid] = DROP;
    roles[own.pmtPid] = DROP;
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
