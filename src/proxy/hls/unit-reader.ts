import {
  discontinuityIndicator,
  hasPayload,
  isPesStart,
  payloadOffset,
  payloadUnitStart,
  pcr,
  pesDecodingTime,
  pesPresentationTime,
  pid as pidOf,
  PID_COUNT,
  PsiTracker,
  scrambled,
  ticksBetween,
  transportError,
  TS_PACKET,
  type Programme,
  type ProgrammeStream,
  type PsiSnapshot,
  SourceBudget,
} from '../mpegts';
import { Timeline, TimeTrack } from './timeline';

/** An access unit at which a segment may begin or end. */
export interface MediaUnit {
  /** PID of its elementary stream; null if the unit is a PCR. */
  readonly pid: number | null;
  /** Stream position of the packet that starts it. */
  readonly position: number;
  /** Presentation time on the timeline, in ms, without the 33-bit wrap. */
  readonly presentedMs: number;
  /** Decoding time on the same timeline, in ms. It grows from unit to unit. */
  readonly decodedMs: number;
  /** Monotonic time by which the unit had arrived. */
  readonly arrivedMs: number;
  /**
   * Position at which the previous media end, if a new timeline, another set of tracks or another source begins with
   * this unit; else null.
   */
  readonly breaksAt: number | null;
  /** The last complete PAT and PMT before the unit; null if none have been read. */
  readonly tables: TablesBefore | null;
}

/** PAT and PMT packets. */
export type TablesBefore = Pick<PsiSnapshot, 'preface'>;

/** Receives the units of a run of packets, in stream order. */
export type UnitSink = (unit: MediaUnit) => void;

const PAT_PID = 0;
const PCR_TICKS = 300;
const TICKS_PER_MS = 90;
/** Maximum difference between presentation and decoding time. A larger one is an error in the stream and ignored. */
const MAX_REORDER_MS = 5000;
/**
 * Maximum number of elementary streams whose timestamps are read. More of them are usually audio in other languages.
 */
const MAX_STREAMS = 8;
/** After this much media without a video packet, segments may begin and end with audio. */
const ABSENT_AFTER_MS = 1000;

/** Roles of PIDs. The role of an elementary stream is `ROLE_STREAM` plus its index in `tracks`. */
const ROLE_NONE = 0;
const ROLE_STREAM = 1;
const ROLE_CLOCK = 254;
const ROLE_PSI = 255;

/** Work for one unit, and for one packet of a table, compared with a packet that is only inspected. */
const UNIT_WORK = 20;
const PSI_WORK = 10;

/** The stream's scanner has limited the number of tables in the ring, so reading them again needs no limit. */
const UNLIMITED_BUDGET = { budget: new SourceBudget({ burst: Infinity, perSecond: 0, perKib: 0 }) };

export interface UnitReaderOptions {
  /** A larger step between two units starts a new timeline, unless the same time has passed in other streams. */
  readonly maxStepMs: number;
  /** Returns the media time at a position, for units without readable timestamps, such as scrambled ones. */
  readonly mediaTimeAt: (position: number) => number | null;
}

/** A unit that has no time yet. */
interface Unit {
  readonly position: number;
  /** Position at which the previous unit of the same elementary stream ends. */
  readonly follows: number;
  /** Presentation time minus decoding time. */
  readonly reorderMs: number;
  readonly arrivedMs: number;
  readonly tables: TablesBefore | null;
}

/** An elementary stream, or the PCR, which serves if no elementary stream can be used. */
class Track extends TimeTrack<Unit> {
  /** The timeline's `nowMs` at the last packet of this track. */
  seenMs = 0;
  /** Position after the last packet of this track. */
  lastPacketEnd = 0;
  /** True once a unit of this track had a timestamp. */
  hasTimes = false;
  /** True once a unit of this track was published. */
  hasPublished = false;

  constructor(
    readonly key: string,
    /** Null for the PCR. */
    readonly pid: number | null,
  ) {
    super(pid === null);
  }
}

/**
 * Finds the units at which segments may begin and end, and their times on one timeline without the 33-bit wrap. These
 * are the units of the best elementary stream that has any: video before audio, or the PCR if there is neither. The
 * programme is read from the packets themselves, because the tracks may have changed since the oldest packets.
 */
export class UnitReader {
  /** Work done so far, in packets. */
  work = 0;
  private psi: PsiTracker;
  private programmeNumber = -1;
  private readonly roles = new Uint8Array(PID_COUNT);
  private readonly timeline: Timeline<Unit>;
  private readonly clock = new Track('clock', null);
  private tracks: readonly Track[] = [];
  private programme: Programme | null = null;
  private pcrPid = -1;
  /** Keys of all elementary streams of the programme, including those without timestamps. */
  private trackKeys: ReadonlySet<string> = new Set();
  /** Position at which the table that is being read begins. */
  private psiPosition = 0;
  /** Position at which the previous media ended; null once the first unit after that break was published. */
  private breaksAt: number | null = null;
  /** The track of the last published unit. */
  private publishedTrack: Track | null = null;
  private sink: UnitSink = () => undefined;

  constructor(private readonly options: UnitReaderOptions) {
    this.psi = this.newPsi();
    this.timeline = new Timeline(options.maxStepMs, {
      assigned: (track, unit, ms) => this.offer(track as Track, unit, ms),
      lineStarted: ({ position }) => (this.breaksAt ??= position),
    });
  }

  /** Call when packets before `position` were skipped. Starts a new timeline, possibly with another programme. */
  skipped(position: number): void {
    this.psi = this.newPsi();
    this.assignRoles();
    this.beginLine(position);
  }

  /**
   * Reads the whole packets of `run`, which begins at the stream position `position`, and passes units to `sink`.
   *
   * @param present the current programme, used until the packets contain their own tables
   */
  read(run: Buffer, position: number, present: Programme, arrivedMs: number, sink: UnitSink): void {
    this.sink = sink;
    this.selectProgramme(present.programmeNumber);
    if (this.psi.programme === null) this.useProgramme(present);
    const { roles } = this;
    for (let at = 0; at + TS_PACKET <= run.length; at += TS_PACKET) {
      const pid = pidOf(run, at);
      const role = roles[pid] as number;
      if (role === ROLE_NONE || transportError(run, at)) continue;
      if (role === ROLE_PSI) {
        this.readTables(run, at, position + at, pid);
        continue;
      }
      if (pid === this.pcrPid) this.readClock(run, at, position + at, arrivedMs);
      if (role === ROLE_CLOCK || !hasPayload(run, at)) continue;
      const track = this.tracks[role - ROLE_STREAM] as Track;
      track.seenMs = this.timeline.nowMs;
      if (payloadUnitStart(run, at)) this.readUnit(track, run, at, position + at, arrivedMs);
      track.lastPacketEnd = position + at + TS_PACKET;
    }
    this.work += run.length / TS_PACKET;
  }

  /**
   * Returns a tracker of the tables of the programme that the stream plays. Other programmes have no media in the ring.
   */
  private newPsi(): PsiTracker {
    return new PsiTracker(
      UNLIMITED_BUDGET,
      ({ programmeNumber }) => programmeNumber === this.programmeNumber,
    );
  }

  private selectProgramme(programmeNumber: number): void {
    if (programmeNumber === this.programmeNumber) return;
    this.programmeNumber = programmeNumber;
    this.psi.chooseAnew();
    this.assignRoles();
  }

  private beginLine(position: number): void {
    this.timeline.begin();
    this.breaksAt ??= position;
  }

  private readTables(run: Buffer, at: number, position: number, pid: number): void {
    this.work += PSI_WORK;
    if (!hasPayload(run, at)) {
      // Only our own splices set a discontinuity flag on the PID of the PAT, so another source begins here.
      if (pid === PAT_PID && discontinuityIndicator(run, at)) this.beginLine(position);
      return;
    }
    if (payloadUnitStart(run, at)) this.psiPosition = position;
    const hasChanged = this.psi.push(run, at, payloadOffset(run, at), pid);
    if (hasChanged && this.psi.programme !== null) this.useProgramme(this.psi.programme);
    else if (hasChanged) this.assignRoles();
  }

  private readClock(run: Buffer, at: number, position: number, arrivedMs: number): void {
    const ticks = pcr(run, at);
    if (ticks < 0) return;
    const unit = {
      position,
      follows: position,
      reorderMs: 0,
      arrivedMs,
      tables: this.psi.snapshot,
    };
    this.timeline.take(this.clock, ticks / PCR_TICKS, unit);
  }

  private readUnit(
    track: Track,
    run: Buffer,
    at: number,
    position: number,
    arrivedMs: number,
  ): void {
    this.work += UNIT_WORK;
    const { timeline } = this;
    const from = payloadOffset(run, at);
    const end = at + TS_PACKET;
    const tables = this.psi.snapshot;
    const follows = track.lastPacketEnd;
    const isReadable = !scrambled(run, at) && isPesStart(run, from, end);
    const ticks = isReadable ? pesDecodingTime(run, from, end) : -1;
    if (ticks >= 0) {
      if (!track.hasTimes) track.forget();
      track.hasTimes = true;
      track.hasOwnBase = false;
      const reorder = ticksBetween(ticks, pesPresentationTime(run, from, end)) / TICKS_PER_MS;
      const reorderMs = Math.abs(reorder) <= MAX_REORDER_MS ? reorder : 0;
      timeline.take(track, ticks, { position, follows, reorderMs, arrivedMs, tables });
      return;
    }
    // If a track has timestamps, segments do not begin or end at its units without one.
    if (track.hasTimes) return;
    const unit = { position, follows, reorderMs: 0, arrivedMs, tables };
    if (timeline.hasBase) {
      this.offer(track, unit, timeline.nowMs);
      return;
    }
    const timeMs = this.options.mediaTimeAt(position);
    if (timeMs === null) return;
    track.hasOwnBase = true;
    timeline.take(track, timeMs * TICKS_PER_MS, unit);
  }

  /** Publishes a unit, unless a better elementary stream is active. */
  private offer(track: Track, unit: Unit, ms: number): void {
    const { nowMs, beganMs } = this.timeline;
    for (const better of this.tracks) {
      if (better === track) break;
      if (nowMs - (better.hasPublished ? better.seenMs : beganMs) < ABSENT_AFTER_MS) return;
    }
    const { position, follows, reorderMs, arrivedMs, tables } = unit;
    let breaksAt: number | null = null;
    if (this.breaksAt !== null) {
      // If the same track continues, the previous media end after its last unit, not in the middle of that.
      const isSame = track === this.publishedTrack;
      if (this.publishedTrack !== null)
        breaksAt = isSame ? Math.max(this.breaksAt, follows) : this.breaksAt;
      this.breaksAt = null;
    }
    this.publishedTrack = track;
    track.hasPublished = true;
    const { pid } = track;
    const presentedMs = ms + reorderMs;
    this.sink({ pid, position, presentedMs, decodedMs: ms, arrivedMs, breaksAt, tables });
  }

  /** Reads `programme` from now on. Another set of tracks is a break; a new version of the same tables is not. */
  private useProgramme(programme: Programme): void {
    if (programme === this.programme) return;
    this.programme = programme;
    const streams = timedStreams(programme);
    const known = new Map(this.tracks.map((track) => [track.key, track]));
    const tracks = streams.map(
      (stream) => known.get(keyOf(stream)) ?? new Track(keyOf(stream), stream.pid),
    );
    if (this.pcrPid !== programme.pcrPid) this.clock.forget();
    this.pcrPid = programme.pcrPid;
    this.tracks = tracks;
    const keys = new Set(programme.streams.map(keyOf));
    const before = this.trackKeys;
    if (keys.size !== before.size || [...keys].some((key) => !before.has(key))) {
      if (before.size > 0) this.breaksAt ??= this.psiPosition;
      this.trackKeys = keys;
      this.timeline.setTracks([...tracks, this.clock]);
    }
    this.assignRoles();
  }

  private assignRoles(): void {
    const { roles, programme } = this;
    roles.fill(ROLE_NONE);
    if (programme !== null) {
      roles[programme.pcrPid] = ROLE_CLOCK;
      timedStreams(programme).forEach(({ pid }, index) => (roles[pid] = ROLE_STREAM + index));
    }
    for (const pid of this.psi.pmtPids()) roles[pid] = ROLE_PSI;
    roles[PAT_PID] = ROLE_PSI;
  }
}

/** Returns the elementary streams whose units may begin and end segments, the best first. */
function timedStreams({ streams, pcrPid }: Programme): ProgrammeStream[] {
  const ofKind = (wanted: string): ProgrammeStream[] =>
    streams.filter(({ kind }) => kind === wanted).slice(0, MAX_STREAMS / 2);
  const media = [...ofKind('video'), ...ofKind('audio')];
  if (media.length > 0) return media;
  const others = streams.filter(({ codec }) => codec !== 'sections');
  const clocked = others.filter(({ pid }) => pid === pcrPid);
  return [...clocked, ...others.filter(({ pid }) => pid !== pcrPid)].slice(0, MAX_STREAMS);
}

/** Two elementary streams with the same key are the same track. */
function keyOf({ pid, streamType, codec }: ProgrammeStream): string {
  return `${pid}:${streamType}:${codec}`;
}
