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
/** Budget units that a join point costs. */
const POINT_COST = 2;

/** A stream of the programme that cannot lead. While there is no programme, any PID that carries no tables. */
const ROLE_MEDIA = 0;
/** The programme's leading stream: it provides random access points, and media time if there is no PCR. */
const ROLE_LEADING = 1;
/** Another stream of the programme that can lead. It does so when the leading stream is silent. */
const ROLE_RIVAL = 2;
/** A PID outside the programme, possibly of another programme. */
const ROLE_OTHER = 3;
/** Tables that are not read. Neither this role nor a higher one means media. */
const ROLE_TABLE = 4;
/** PAT, and PMTs that are read. */
const ROLE_PSI = 5;

/** Budget units for a change of the leading stream, and for choosing another programme. */
const CHANGE_UNITS = 10;
/** A programme counts as off air when it was silent for the patience of its leading stream plus this time. */
const PROGRAMME_PATIENCE_MS = 1000;

/** Flag stored beside a PID's counter: the packet with this counter was already repeated once. */
const CC_REPEATED = 0x10;

/**
 * Reads whole packets once, as they enter the ring: programme, random access points, media time and counters. The
 * result does not depend on how packets are grouped into calls.
 */
export class TransportScanner {
  /** Number of packets of all kinds. */
  packets = 0;
  /** Number of payload packets that are neither null packets nor tables; they reset the silence watchdog. */
  mediaPackets = 0;
  nullPackets = 0;
  /** Number of payload packets out of sequence. One repetition of a packet and flagged discontinuities do not count. */
  continuityErrors = 0;
  /** Number of packets that are marked as damaged by transport_error_indicator; their content is not read. */
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
  /** The programme to which the roles of the PIDs belong. */
  private played: Programme | null = null;
  /** Number of PES packets of the programme when it went off air; null while it is on air. */
  private offAirAt: number | null = null;
  private readonly roles = new Uint8Array(PID_COUNT);
  private readonly counters = new Uint8Array(PID_COUNT).fill(NO_COUNTER);
  private pcrPid = NULL_PID;
  private lastPcrAt = -1;
  private readonly points = new SpacedPoints(POINT_SPACING);
  private readonly plainPoints = new SpacedPoints(PLAIN_SPACING);
  /** True while further packets of the leading stream's current PES packet must be searched. */
  private isOpen = false;
  /** Number of rivals with such a PES packet. */
  private openRivals = 0;

  /**
   * @param clock the clock of an earlier scanner, if positions continue. Call its `chooseTimeSourceAgain()` first;
   *   media time then continues.
   */
  constructor(readonly clock: MediaClock = new MediaClock()) {
    this.assignRoles(0);
  }

  /**
   * The programme that is scanned. At first it is the one whose PMT is complete first and announces streams. If it
   * goes off air, a programme that sends media replaces it. Null until there is one.
   */
  get programme(): Programme | null {
    return this.psi.programme;
  }

  /**
   * The stream that leads the programme: the best one announced, or another one while that is silent. Null while
   * there is no programme.
   */
  get leading(): ProgrammeStream | null {
    return this.watch.leading?.stream ?? null;
  }

  /**
   * True once a video or audio stream of the programme has sent media. Always true for programmes without video and
   * audio.
   */
  get hasReceivedAnnouncedStream(): boolean {
    return this.watch.hasReceivedAnnouncedStream;
  }

  /**
   * How long the leading stream may be silent before another one leads, in ms of programme time; see `LeadCandidate`.
   */
  get patienceMs(): number {
    return this.watch.leading?.patienceMs ?? 0;
  }

  /** Which stream led at which positions. */
  get leads(): LeadLog {
    return this.watch.log;
  }

  /** Number of times that PIDs or types of the programme changed. */
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

  /**
   * The plain join points recognised since the last call, in stream order. They serve where no random access point is
   * near.
   */
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
    /** Index of the next start code; Infinity if there is none before `end`. */
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
        // After a flagged packet without payload, the next payload packet continues its counter.
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
          // Most packets inside a PES packet are skipped, because the native search for a start code is ten times
          // faster.
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
    // At the start, and while the leading stream is silent, the best join point is right after the tables.
    const place = EntryPoint.afterTables(position + TS_PACKET, snapshot);
    if (this.plainPoints.isOverdue(place.position, this.clock)) this.addTo(this.plainPoints, place);
  }

  /** Handles a packet that begins a PES packet of the leading stream, or continues one that must be searched. */
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

  /** Handles such a packet of a rival, which may become the leading stream. */
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

  /**
   * Makes a rival lead from its first PES packet after the silence began, because the leading stream has been silent
   * for too long.
   */
  private leadSilent(rival: LeadCandidate, arrivalMs: number): void {
    const { position, psi } = rival.since;
    if (!this.lead(rival, position)) return;
    // The PCR has been silent for as long, so the new leading stream provides media time.
    if (this.lastPcrAt < position && this.clock.source === 'pcr')
      this.clock.chooseTimeSourceAgain();
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

  /** Handles a PES packet outside the programme. If other programmes continue while ours is silent, ours is off air. */
  private onOther(buf: Buffer, at: number, position: number, pid: number): void {
    const { leading } = this.watch;
    if (leading === null || this.offAirAt !== null || this.psi.listed.length < 2) return;
    const ticks = timeOf(buf, at);
    const silentMs = this.others.recordOther(pid, ticks, this.clockFor(ticks, position));
    if (silentMs < leading.patienceMs + PROGRAMME_PATIENCE_MS) return;
    if (!this.budget.spend('tables', CHANGE_UNITS)) return;
    this.offAirAt = this.others.pesCount;
    this.psi.chooseAnew();
    this.setRoles();
  }

  /**
   * True if a programme may be chosen. While ours is off air, that is a programme that has sent media since; but if
   * ours sends again, only ours.
   */
  private mayPlay(programme: Programme): boolean {
    if (this.offAirAt === null || this.played === null) return true;
    if (this.others.pesCount > this.offAirAt) return isSameService(programme, this.played);
    return programme.streams.some(({ pid }) => this.others.hasSent(pid));
  }

  /** Media time at a PES packet without a timestamp; null if it has one. */
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

  /** Updates programme and roles after a change of PAT or PMT at `position`. */
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
      if (this.pcrPid !== NULL_PID) this.clock.chooseTimeSourceAgain();
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
    // Streams of the PMT take precedence over the usual PIDs of DVB tables and over other PMTs.
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
