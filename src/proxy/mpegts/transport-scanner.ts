import { EntryPoint } from './entry-point';
import { type LeadLog } from './lead-log';
import { type LeadCandidate, LeadWatch } from './lead-watch';
import { MediaClock } from './media-clock';
import { OtherProgrammes } from './other-programmes';
import {
  DVB_TABLE_PIDS,
  FIRST_STREAM_PID,
  NO_COUNTER,
  NULL_PID,
  payloadOffset,
  payloadUnitStart,
  pcr,
  PID_COUNT,
  scrambled,
  TS_PACKET,
} from './packet';
import { pesDecodingTime } from './pes';
import { type Programme, type ProgrammeStream } from './programme';
import { type PsiTables, PsiTracker } from './psi-tracker';
import { SourceBudget } from './source-budget';
import { type PointSpacing, SpacedPoints } from './spaced-points';

const START_CODE = Buffer.from([0, 0, 1]);
const POINT_SPACING: PointSpacing = { ms: 200, bytes: 256 * 1024, burst: 32 };
const PLAIN_SPACING: PointSpacing = { ms: 500, bytes: 1024 * 1024, burst: 1 };
/** Cost of a point in units of the budget. */
const POINT_COST = 2;

/** Roles of PIDs; an unknown PID counts as media. */
const ROLE_MEDIA = 0;
/** The programme's leading stream: it provides random access points, and media time if there is no PCR. */
const ROLE_LEADING = 1;
/** Another stream of the programme, which may lead when the leading one is silent. */
const ROLE_RIVAL = 2;
/** A PID outside the programme, possibly of another programme. */
const ROLE_OTHER = 3;
/** Tables that are not read; this and higher roles are not media. */
const ROLE_TABLE = 4;
const ROLE_PSI = 5;

/** Budget units for a change of the leading stream or of the programme. */
const CHANGE_UNITS = 10;
/** A silent programme is left this long after the leading stream's own limit. */
const PROGRAMME_PATIENCE_MS = 1000;

/** Flag beside the counter: the packet was already repeated once. */
const CC_REPEATED = 0x10;

/**
 * Reads whole packets once as they enter the ring: programme, random access points, media time and counters. The
 * result does not depend on how packets are grouped into calls.
 */
export class TransportScanner {
  /** Number of packets of all kinds. */
  packets = 0;
  /** Number of payload packets that are neither null packets nor tables; they reset the silence watchdog. */
  mediaPackets = 0;
  nullPackets = 0;
  /** Number of payload packets out of sequence, per PID; one repetition and flagged discontinuities are no errors. */
  continuityErrors = 0;
  /** Number of packets that were damaged before they arrived; their content is not read. */
  transportErrors = 0;
  scrambledPackets = 0;
  lastMediaArrivalMs: number | null = null;
  firstPatArrivalMs: number | null = null;
  /** Arrival of the packet that proved the first video random access point. */
  firstKeyframeArrivalMs: number | null = null;
  /** Position right after the first complete PAT and PMT. */
  psiReadyAt: number | null = null;
  /** Budget of the current source; a new source has its own. */
  budget = new SourceBudget();
  private readonly others = new OtherProgrammes();
  private readonly watch = new LeadWatch();
  private readonly psi = new PsiTracker(this, (programme) => this.mayPlay(programme));
  private played: Programme | null = null;
  /** Set while the programme is off air and another one is searched: its amount of media at that time. */
  private offAirAt: number | null = null;
  private readonly roles = new Uint8Array(PID_COUNT);
  private readonly counters = new Uint8Array(PID_COUNT).fill(NO_COUNTER);
  private pcrPid = NULL_PID;
  private lastPcrAt = -1;
  private readonly points = new SpacedPoints(POINT_SPACING);
  private readonly plainPoints = new SpacedPoints(PLAIN_SPACING);
  /** True while a PES packet of the leading stream is being read, and the number of rivals for which that is so. */
  private isOpen = false;
  private openRivals = 0;

  /**
   * @param clock the clock of an earlier scanner, if positions continue; call its `restartSource()` first, and media
   * time continues
   */
  constructor(readonly clock: MediaClock = new MediaClock()) {
    this.assignRoles(0);
  }

  /** The first programme of the PAT that has streams and sends media; null until its PMT is complete. */
  get programme(): Programme | null {
    return this.psi.programme;
  }

  /** The stream that currently leads the programme by what arrives; null while there is no programme. */
  get leading(): ProgrammeStream | null {
    return this.watch.leading?.stream ?? null;
  }

  /** True once a stream that the programme announces has sent media. */
  get hasAnnouncedMedia(): boolean {
    return this.watch.hasAnnouncedMedia;
  }

  /** How long the leading stream may be silent, from the usual intervals of its pictures, in ms of its own time. */
  get patienceMs(): number {
    return this.watch.leading?.patienceMs ?? 0;
  }

  /** Which stream led at which positions. */
  get leads(): LeadLog {
    return this.watch.log;
  }

  /** Number of changes of PIDs or types after the first programme. */
  get programmeChanges(): number {
    return this.psi.programmeChanges;
  }

  /** The current PAT and PMT packets; null until both were complete. */
  psiPreface(): Buffer | null {
    return this.psi.snapshot?.preface() ?? null;
  }

  /** The last complete PAT and PMT sections; null before there was a programme. */
  get tables(): PsiTables | null {
    return this.psi.tables;
  }

  /** Continuity counter of the last packet of each PID, or `NO_COUNTER`; a copy. */
  lastCounters(): Uint8Array {
    return this.counters.map((counter) => (counter === NO_COUNTER ? NO_COUNTER : counter & 0x0f));
  }

  /** The random access points recognised since the last call, in stream order. */
  takeRandomAccessPoints(): readonly EntryPoint[] {
    return this.points.take();
  }

  /** Plain join points since the last call, for use when no random access point is near, in stream order. */
  takePlainPoints(): readonly EntryPoint[] {
    return this.plainPoints.take();
  }

  /**
   * Reads the whole packets `buf[start..end)`; `position` is the stream position of `buf[start]`, `arrivalMs` the
   * monotonic time of arrival. `buf` is not kept.
   */
  scan(buf: Buffer, start: number, end: number, position: number, arrivalMs: number): void {
    const { roles, counters, clock } = this;
    clock.addArrival(position, arrivalMs);
    this.budget.arrived(end - start, arrivalMs);
    let media = 0;
    let nulls = 0;
    /** The next start code; Infinity if there is none before `end`. */
    let codeAt = -1;
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
          if (ticks >= 0) {
            clock.addPcr(here, ticks, arrivalMs);
            this.lastPcrAt = here;
          }
        }
      }

      const counter = fourth & 0x0f;
      if (!payload) {
        // The next payload packet continues the counter of a flagged packet without payload.
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
        if ((second & 0x40) === 0) {
          if (!this.isOpen) continue;
          // Most of an open PES packet is passed over, because a native search is ten times faster than reading.
          if (codeAt < at) codeAt = startCodeFrom(buf, at, end);
          if (codeAt >= at + TS_PACKET && this.watch.leading?.search.skip(buf, at) === true)
            continue;
        }
        this.onLeading(buf, at, here, arrivalMs);
      } else if (role !== ROLE_MEDIA) {
        if (role === ROLE_PSI) this.onPsi(buf, at, here, pid, arrivalMs);
        else if ((second & 0x40) !== 0 || this.openRivals > 0) {
          if (role === ROLE_RIVAL) this.onRival(buf, at, here, pid, arrivalMs);
          else if (role === ROLE_OTHER && (second & 0x40) !== 0) this.onOther(buf, at, here, pid);
        }
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
    if (role === ROLE_LEADING || role === ROLE_RIVAL) this.watch.of(pid)?.search.gap();
    else if (role === ROLE_PSI) this.psi.gap(pid);
  }

  private onPsi(buf: Buffer, at: number, position: number, pid: number, arrivalMs: number): void {
    if (this.psi.push(buf, at, payloadOffset(buf, at), pid)) this.assignRoles(position);
    if (this.firstPatArrivalMs === null && this.psi.patSeen) this.firstPatArrivalMs = arrivalMs;
    const { snapshot } = this.psi;
    if (snapshot === null) return;
    this.psiReadyAt ??= position + TS_PACKET;
    // While the leading stream is silent, and at the start, the best position is right after the tables.
    const place = EntryPoint.afterTables(position + TS_PACKET, snapshot);
    if (this.plainPoints.isOverdue(place.position, this.clock)) this.addTo(this.plainPoints, place);
  }

  /** Handles a packet that starts a PES packet of the leading stream, or continues an undecided one. */
  private onLeading(buf: Buffer, at: number, position: number, arrivalMs: number): void {
    const { leading } = this.watch;
    if (leading === null) return;
    const isStart = payloadUnitStart(buf, at);
    if (isStart) {
      const ticks = timeOf(buf, at);
      if (ticks >= 0 && this.clock.source !== 'pcr') this.clock.addPts(position, ticks, arrivalMs);
      this.watch.recordLeading(ticks, this.clockFor(ticks, position));
      this.others.recordSelected();
    }
    const { search } = leading;
    const point = search.take(buf, at, position, this.psi.snapshot);
    this.isOpen = search.isOpen;
    if (point !== null) this.addPoint(point, arrivalMs);
    if (isStart && this.plainPoints.isDue(position, this.clock)) {
      const plain = search.plainPoint();
      if (plain !== null) this.addTo(this.plainPoints, plain);
    }
  }

  /** The same for a stream that does not lead, and may lead from here on. */
  private onRival(buf: Buffer, at: number, position: number, pid: number, arrivalMs: number): void {
    const rival = this.watch.of(pid);
    if (rival === undefined) return;
    if (payloadUnitStart(buf, at)) {
      const ticks = timeOf(buf, at);
      const clockMs = this.clockFor(ticks, position);
      this.others.recordSelected();
      if (this.watch.recordRival(rival, ticks, clockMs, position, this.psi.snapshot)) {
        this.leadSilent(rival, arrivalMs);
        this.onLeading(buf, at, position, arrivalMs);
        return;
      }
    }
    if (!this.watch.mayLead(rival)) return;
    const { search } = rival;
    const wasOpen = search.isOpen;
    const point = search.take(buf, at, position, this.psi.snapshot);
    this.openRivals += Number(search.isOpen) - Number(wasOpen);
    if (point !== null && this.lead(rival, point.position)) this.addPoint(point, arrivalMs);
  }

  /** The leading stream has been silent for long: media since then become join points. */
  private leadSilent(rival: LeadCandidate, arrivalMs: number): void {
    const { position, psi } = rival.since;
    if (!this.lead(rival, position)) return;
    // The PCR fell silent with it, so the new leading stream provides the time.
    if (this.lastPcrAt < position && this.clock.source === 'pcr') this.clock.restartSource();
    if (rival.stream.kind === 'audio' && psi !== null) {
      this.addPoint(EntryPoint.atAudio(rival.stream.pid, position, psi), arrivalMs);
    }
  }

  private lead(candidate: LeadCandidate, position: number): boolean {
    if (!this.budget.spend('tables', CHANGE_UNITS)) return false;
    this.watch.lead(candidate, position);
    this.points.grant();
    this.setRoles();
    return true;
  }

  /** Handles a PES packet of another programme: if that one continues and ours is silent, ours is off air. */
  private onOther(buf: Buffer, at: number, position: number, pid: number): void {
    const { leading } = this.watch;
    if (leading === null || this.offAirAt !== null || this.psi.listed.length < 2) return;
    const ticks = timeOf(buf, at);
    const silentMs = this.others.recordOther(pid, ticks, this.clockFor(ticks, position));
    if (silentMs < leading.patienceMs + PROGRAMME_PATIENCE_MS) return;
    if (!this.budget.spend('tables', CHANGE_UNITS)) return;
    this.offAirAt = this.others.signs;
    this.psi.chooseAnew();
    this.setRoles();
  }

  /** At first any programme may play; once the current one is off air, the first one with media. */
  private mayPlay(programme: Programme): boolean {
    if (this.offAirAt === null || this.played === null) return true;
    if (this.others.signs > this.offAirAt) return isSameService(programme, this.played);
    return programme.streams.some(({ pid }) => this.others.hasSent(pid));
  }

  /** Time for a PES packet without a timestamp. */
  private clockFor(ticks: number, position: number): number | null {
    return ticks >= 0 ? null : this.clock.mediaTimeAt(position);
  }

  private addPoint(point: EntryPoint, arrivalMs: number): void {
    if (point.keyframe) this.firstKeyframeArrivalMs ??= arrivalMs;
    this.addTo(this.points, point);
  }

  private addTo(points: SpacedPoints, point: EntryPoint): void {
    if (!points.isDue(point.position, this.clock)) return;
    if (this.budget.spend('join_points', POINT_COST)) points.add(point, this.clock);
  }

  /** Updates the roles after a change of PAT or PMT at `position`. */
  private assignRoles(position: number): void {
    const { programme } = this.psi;
    if (programme !== null && programme !== this.played) {
      if (this.played !== null && !isSameService(programme, this.played)) this.others.reset();
      this.played = programme;
      this.offAirAt = null;
      this.watch.follow(programme, position);
    }
    this.setRoles();
    const pcrPid = programme?.pcrPid ?? NULL_PID;
    if (pcrPid !== this.pcrPid) {
      if (this.pcrPid !== NULL_PID) this.clock.restartSource();
      this.pcrPid = pcrPid;
    }
  }

  /** Assigns a role to each PID. */
  private setRoles(): void {
    const { roles } = this;
    const programme = this.played;
    roles.fill(programme === null ? ROLE_MEDIA : ROLE_OTHER);
    if (programme !== null) for (const pid of DVB_TABLE_PIDS) roles[pid] = ROLE_TABLE;
    for (const { pmtPid } of this.psi.listed) roles[pmtPid] = ROLE_TABLE;
    // Streams of the PMT take precedence over conventional PIDs and other programmes of the PAT.
    for (const { pid, codec } of programme?.streams ?? []) {
      roles[pid] = codec === 'sections' ? ROLE_TABLE : ROLE_MEDIA;
    }
    const { rivals } = this.watch;
    for (const { stream } of rivals) roles[stream.pid] = ROLE_RIVAL;
    if (this.leading !== null) roles[this.leading.pid] = ROLE_LEADING;
    roles.fill(ROLE_TABLE, 0, FIRST_STREAM_PID);
    for (const pid of this.psi.pmtPids()) roles[pid] = ROLE_PSI;
    roles[0] = ROLE_PSI;
    this.isOpen = this.watch.leading?.search.isOpen ?? false;
    this.openRivals = rivals.filter(({ search }) => search.isOpen).length;
  }
}

/** Decoding time of the PES packet that begins in this packet, in ticks of 90 kHz; −1 if it cannot be read. */
function timeOf(buf: Buffer, at: number): number {
  if (scrambled(buf, at)) return -1;
  return pesDecodingTime(buf, payloadOffset(buf, at), at + TS_PACKET);
}

function isSameService(a: Programme, b: Programme): boolean {
  return a.programmeNumber === b.programmeNumber && a.pmtPid === b.pmtPid;
}

/** Index of the first start code that begins in `buf[at..end)`; Infinity if there is none. */
function startCodeFrom(buf: Buffer, at: number, end: number): number {
  const found = (end < buf.length ? buf.subarray(0, end) : buf).indexOf(START_CODE, at);
  return found < 0 ? Infinity : found;
}
