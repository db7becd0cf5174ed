import { EntryPoint } from './entry-point';
import { MediaClock } from './media-clock';
import {
  FIRST_FREE_PID,
  NO_COUNTER,
  NULL_PID,
  payloadOffset,
  payloadUnitStart,
  pcr,
  PID_COUNT,
  scrambled,
  TS_PACKET,
} from './packet';
import { isPesStart, pesDecodingTime } from './pes';
import { PointSearch } from './point-search';
import { leadingStream, type Programme, type ProgrammeStream } from './programme';
import { type PsiTables, PsiTracker } from './psi-tracker';
import { SourceBudget } from './source-budget';
import { type PointSpacing, SpacedPoints } from './spaced-points';

const POINT_SPACING: PointSpacing = { ms: 200, bytes: 256 * 1024, burst: 32 };
const PLAIN_SPACING: PointSpacing = { ms: 500, bytes: 1024 * 1024, burst: 1 };
/** Cost of a point in units of the budget. */
const POINT_COST = 2;

/** What a PID is: what is not known yet counts as media. */
const ROLE_MEDIA = 0;
/** Of the programme's leading stream: random access points, and time when there is no PCR. */
const ROLE_LEADING = 1;
/** Tables that nobody here reads; the roles from here on are no media. */
const ROLE_TABLE = 2;
const ROLE_PSI = 3;

/** Beside the counter: its packet was repeated once already. */
const CC_REPEATED = 0x10;

/**
 * Reads whole packets as they enter the ring, once: programme, random access points, media time and
 * counters. What it finds does not depend on how the packets are grouped into calls.
 */
export class TransportScanner {
  /** Packets of all kinds. */
  packets = 0;
  /** Packets with payload that are neither null nor tables: what resets the silence watchdog. */
  mediaPackets = 0;
  nullPackets = 0;
  /** Payload packets out of sequence, per PID; one repetition and flagged discontinuities are no errors. */
  continuityErrors = 0;
  /** Packets that were damaged before they came here; their content is not read. */
  transportErrors = 0;
  scrambledPackets = 0;
  lastMediaArrivalMs: number | null = null;
  firstPatArrivalMs: number | null = null;
  /** Arrival of the packet that proved the first video random access point. */
  firstKeyframeArrivalMs: number | null = null;
  /** Position right behind the first complete PAT and PMT. */
  psiReadyAt: number | null = null;
  /** Of the source that is being scanned; a new source brings its own. */
  budget = new SourceBudget();
  private readonly psi = new PsiTracker();
  private readonly roles = new Uint8Array(PID_COUNT);
  private readonly counters = new Uint8Array(PID_COUNT).fill(NO_COUNTER);
  private pcrPid = NULL_PID;
  private leading: ProgrammeStream | null = null;
  private search: PointSearch | null = null;
  private isOpen = false;
  private readonly points = new SpacedPoints(POINT_SPACING);
  private readonly plainPoints = new SpacedPoints(PLAIN_SPACING);

  /**
   * A clock may be handed on from the scanner of an earlier upstream, when positions go on too: call its
   * `restartSource()` first, and media time goes on from its last value.
   */
  constructor(readonly clock: MediaClock = new MediaClock()) {
    this.assignRoles();
  }

  /** The first programme of the PAT that has streams; null until its PMT is complete. */
  get programme(): Programme | null {
    return this.psi.programme;
  }

  /** How often PIDs or types changed after the first programme. */
  get programmeChanges(): number {
    return this.psi.programmeChanges;
  }

  /** The current PAT and PMT packets, verbatim; null until both were complete. */
  psiPreface(): Buffer | null {
    return this.psi.snapshot?.preface() ?? null;
  }

  /** The last PAT and PMT sections that were complete; null before there was a programme. */
  get tables(): PsiTables | null {
    return this.psi.tables;
  }

  /** Continuity counter of the last packet of each PID, or `NO_COUNTER`; a copy. */
  lastCounters(): Uint8Array {
    return this.counters.map((counter) => (counter === NO_COUNTER ? NO_COUNTER : counter & 0x0f));
  }

  /** The random access points proved since the last call, in stream order. */
  takeRandomAccessPoints(): readonly EntryPoint[] {
    return this.points.take();
  }

  /** Places since the last call where a viewer may begin when there is no random access point near, in stream order. */
  takePlainPoints(): readonly EntryPoint[] {
    return this.plainPoints.take();
  }

  /**
   * Reads the whole packets `buf[start..end)`; `position` is the stream position of `buf[start]`,
   * `arrivalMs` the monotonic time of their arrival. Nothing of `buf` is kept.
   */
  scan(buf: Buffer, start: number, end: number, position: number, arrivalMs: number): void {
    const { roles, counters, clock } = this;
    clock.addArrival(position, arrivalMs);
    this.budget.arrived(end - start, arrivalMs);
    let media = 0;
    let nulls = 0;
    for (let at = start, here = position; at < end; at += TS_PACKET, here += TS_PACKET) {
      const second = buf[at + 1] as number;
      const fourth = buf[at + 3] as number;
      const pid = ((second & 0x1f) << 8) | (buf[at + 2] as number);
      if (pid === 0x1fff) {
        nulls++;
        continue;
      }
      const role = roles[pid] as number;
      const payload = (fourth & 0x10) !== 0;
      if (payload && role < ROLE_TABLE) media++;
      if ((second & 0x80) !== 0) {
        this.transportErrors++;
        continue;
      }
      if ((fourth & 0xc0) !== 0) this.scrambledPackets++;

      let discontinuity = false;
      if ((fourth & 0x20) !== 0 && buf[at + 4] !== 0) {
        discontinuity = ((buf[at + 5] as number) & 0x80) !== 0;
        if (pid === this.pcrPid) {
          if (discontinuity) clock.expectDiscontinuity();
          const ticks = pcr(buf, at);
          if (ticks >= 0) clock.addPcr(here, ticks, arrivalMs);
        }
      }

      const counter = fourth & 0x0f;
      if (!payload) {
        // The next payload packet goes on from the counter of a flagged packet without payload.
        if (discontinuity) {
          counters[pid] = counter;
          this.onGap(pid, role);
        }
        continue;
      }
      const last = counters[pid] as number;
      if (counter === ((last + 1) & 0x0f) || last === NO_COUNTER) {
        counters[pid] = counter;
      } else if (discontinuity) {
        counters[pid] = counter;
        this.onGap(pid, role);
      } else if (counter === last) {
        counters[pid] = counter | CC_REPEATED;
        continue;
      } else {
        counters[pid] = counter;
        this.continuityErrors++;
        this.onGap(pid, role);
      }

      if (role === ROLE_LEADING) {
        if (this.isOpen || (second & 0x40) !== 0) this.onLeading(buf, at, here, arrivalMs);
      } else if (role === ROLE_PSI) {
        this.onPsi(buf, at, here, pid, arrivalMs);
      }
    }
    this.packets += (end - start) / TS_PACKET;
    this.nullPackets += nulls;
    if (media > 0) {
      this.mediaPackets += media;
      this.lastMediaArrivalMs = arrivalMs;
    }
  }

  private onGap(pid: number, role: number): void {
    if (role === ROLE_LEADING) this.search?.gap();
    else if (role === ROLE_PSI) this.psi.gap(pid);
  }

  private onPsi(buf: Buffer, at: number, position: number, pid: number, arrivalMs: number): void {
    if (this.psi.push(buf, at, payloadOffset(buf, at), pid)) this.assignRoles();
    if (this.firstPatArrivalMs === null && this.psi.patSeen) this.firstPatArrivalMs = arrivalMs;
    const { snapshot } = this.psi;
    if (snapshot === null) return;
    this.psiReadyAt ??= position + TS_PACKET;
    // Where the leading stream is silent, and right at the start, there is no better place than behind the tables.
    const place = EntryPoint.behindTables(position + TS_PACKET, snapshot);
    if (this.plainPoints.isOverdue(place.position, this.clock)) this.addTo(this.plainPoints, place);
  }

  /** A packet of the leading stream that starts a PES packet, or goes on with one that may prove something. */
  private onLeading(buf: Buffer, at: number, position: number, arrivalMs: number): void {
    const { search, clock } = this;
    if (search === null) return;
    const isStart = payloadUnitStart(buf, at);
    if (isStart && clock.source !== 'pcr' && !scrambled(buf, at)) {
      const from = payloadOffset(buf, at);
      const end = at + TS_PACKET;
      const ticks = isPesStart(buf, from, end) ? pesDecodingTime(buf, from, end) : -1;
      if (ticks >= 0) clock.addPts(position, ticks, arrivalMs);
    }
    const point = search.take(buf, at, position, this.psi.snapshot);
    this.isOpen = search.isOpen;
    if (point !== null) {
      if (point.keyframe) this.firstKeyframeArrivalMs ??= arrivalMs;
      this.addTo(this.points, point);
    }
    if (isStart && this.plainPoints.isDue(position, clock)) {
      const plain = search.plainPoint();
      if (plain !== null) this.addTo(this.plainPoints, plain);
    }
  }

  private addTo(points: SpacedPoints, point: EntryPoint): void {
    if (!points.isDue(point.position, this.clock)) return;
    if (this.budget.spend('join_points', POINT_COST)) points.add(point, this.clock);
  }

  /** Says for each PID what it is; called at the start and when PAT or PMT changed. */
  private assignRoles(): void {
    const { roles } = this;
    const { programme } = this.psi;
    roles.fill(ROLE_MEDIA);
    const leading = programme === null ? null : leadingStream(programme);
    if (leading?.pid !== this.leading?.pid || leading?.codec !== this.leading?.codec) {
      this.isOpen = false;
      this.search = leading === null ? null : new PointSearch(leading);
    }
    this.leading = leading;
    for (const stream of programme?.streams ?? []) {
      if (stream.codec === 'sections') roles[stream.pid] = ROLE_TABLE;
    }
    if (leading !== null) roles[leading.pid] = ROLE_LEADING;
    roles.fill(ROLE_TABLE, 0, FIRST_FREE_PID);
    for (const { pmtPid } of this.psi.listed) roles[pmtPid] = ROLE_TABLE;
    for (const pid of this.psi.pmtPids()) roles[pid] = ROLE_PSI;
    roles[0] = ROLE_PSI;
    const pcrPid = programme?.pcrPid ?? NULL_PID;
    if (pcrPid !== this.pcrPid) {
      if (this.pcrPid !== NULL_PID) this.clock.restartSource();
      this.pcrPid = pcrPid;
    }
  }
}
