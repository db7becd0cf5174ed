import { MediaClock } from './media-clock';
import {
  DVB_TABLE_PIDS,
  FIRST_STREAM_PID,
  NO_COUNTER,
  NULL_PID,
  payloadOffset,
  payloadUnitStart,
  pcr,
  PID_COUNT,
  randomAccessIndicator,
  scrambled,
  TS_PACKET,
} from './packet';
import { isPesScrambled, isPesStart, pesDecodingTime } from './pes';
import { leadingStream, type Programme, type ProgrammeStream } from './programme';
import { type PsiSnapshot, type PsiTables, PsiTracker } from './psi-tracker';
import { RandomAccessDetector } from './random-access';
import { SourceBudget } from './source-budget';

/** Where a viewer or a segment may begin. */
export interface RandomAccessPoint {
  /** Stream position (bytes) of the packet that starts the PES. */
  readonly position: number;
  /**
   * The last complete PAT and PMT before `position`, verbatim, so that their continuity goes on. One Buffer
   * object for all points between two repetitions of the tables; never modified.
   */
  readonly preface: Buffer;
  /** Media time at `position` as known when the point was proved; `clock.mediaTimeAt` may be finer later. */
  readonly mediaTimeMs: number | null;
  /** A video picture; false for points of programmes without video. */
  readonly keyframe: boolean;
}

/** Points kept for an owner that does not fetch them; the oldest go first. */
const MAX_POINTS = 4096;
const NO_POINTS: readonly RandomAccessPoint[] = Object.freeze([]);

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
  private detector: RandomAccessDetector | null = null;
  private points: RandomAccessPoint[] = [];
  /** The PES that may be proved a random access point: its position, and the tables before it. */
  private candidate = false;
  private candidatePosition = 0;
  private candidatePsi: PsiSnapshot | null = null;

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

  /** The points proved since the last call, in stream order. */
  takeRandomAccessPoints(): readonly RandomAccessPoint[] {
    if (this.points.length === 0) return NO_POINTS;
    const taken = this.points;
    this.points = [];
    return taken;
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
        if (this.candidate || (second & 0x40) !== 0) this.onLeading(buf, at, here, arrivalMs);
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
    if (role === ROLE_LEADING) this.detector?.gap();
    else if (role === ROLE_PSI) this.psi.gap(pid);
  }

  private onPsi(buf: Buffer, at: number, position: number, pid: number, arrivalMs: number): void {
    if (this.psi.push(buf, at, payloadOffset(buf, at), pid)) this.assignRoles();
    if (this.firstPatArrivalMs === null && this.psi.patSeen) this.firstPatArrivalMs = arrivalMs;
    if (this.psiReadyAt === null && this.psi.snapshot !== null) {
      this.psiReadyAt = position + TS_PACKET;
    }
  }

  /** A packet that starts a PES of the leading stream, or goes on with one that is not decided. */
  private onLeading(buf: Buffer, at: number, position: number, arrivalMs: number): void {
    const from = payloadOffset(buf, at);
    const end = at + TS_PACKET;
    const encrypted = scrambled(buf, at);
    if (payloadUnitStart(buf, at)) {
      this.candidate = this.psi.snapshot !== null && (encrypted || isPesStart(buf, from, end));
      this.candidatePosition = position;
      this.candidatePsi = this.psi.snapshot;
      if (!encrypted && this.clock.source !== 'pcr') {
        const ticks = pesDecodingTime(buf, from, end);
        if (ticks >= 0) this.clock.addPts(position, ticks, arrivalMs);
      }
      if (!this.candidate) return;
      if (this.detector === null || encrypted || isPesScrambled(buf, from, end)) {
        const audio = this.leading?.kind === 'audio';
        if (audio || randomAccessIndicator(buf, at)) this.addPoint(arrivalMs);
        this.candidate = false;
        return;
      }
      this.detector.begin();
    }
    if (this.detector === null) return;
    const verdict = this.detector.feed(buf, from, end);
    if (verdict === 'pending') return;
    this.candidate = false;
    if (verdict === 'point') this.addPoint(arrivalMs);
  }

  private addPoint(arrivalMs: number): void {
    if (this.candidatePsi === null) return;
    const position = this.candidatePosition;
    const keyframe = this.leading?.kind === 'video';
    if (keyframe) this.firstKeyframeArrivalMs ??= arrivalMs;
    if (this.points.length >= MAX_POINTS) this.points.shift();
    this.points.push({
      position,
      preface: this.candidatePsi.preface(),
      mediaTimeMs: this.clock.mediaTimeAt(position),
      keyframe,
    });
  }

  /** Says for each PID what it is; called at the start and when PAT or PMT changed. */
  private assignRoles(): void {
    const { roles } = this;
    const { programme } = this.psi;
    roles.fill(ROLE_MEDIA);
    const leading = programme === null ? null : leadingStream(programme);
    if (leading?.pid !== this.leading?.pid || leading?.codec !== this.leading?.codec) {
      this.candidate = false;
      this.detector = leading === null ? null : detectorFor(leading);
    }
    this.leading = leading;
    for (const pid of DVB_TABLE_PIDS) roles[pid] = ROLE_TABLE;
    for (const { pmtPid } of this.psi.listed) roles[pmtPid] = ROLE_TABLE;
    // What the PMT announces goes before conventions about numbers and before other programmes of the PAT.
    for (const { pid, codec } of programme?.streams ?? []) {
      roles[pid] = codec === 'sections' ? ROLE_TABLE : ROLE_MEDIA;
    }
    if (leading !== null) roles[leading.pid] = ROLE_LEADING;
    roles.fill(ROLE_TABLE, 0, FIRST_STREAM_PID);
    for (const pid of this.psi.pmtPids()) roles[pid] = ROLE_PSI;
    roles[0] = ROLE_PSI;
    const pcrPid = programme?.pcrPid ?? NULL_PID;
    if (pcrPid !== this.pcrPid) {
      if (this.pcrPid !== NULL_PID) this.clock.restartSource();
      this.pcrPid = pcrPid;
    }
  }
}

function detectorFor({ codec }: ProgrammeStream): RandomAccessDetector | null {
  return codec === 'h264' || codec === 'hevc' || codec === 'mpeg2-video'
    ? new RandomAccessDetector(codec)
    : null;
}
