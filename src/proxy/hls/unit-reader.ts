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
  SourceBudget,
} from '../mpegts';
import type { TablesBefore, UnitSink } from './media-unit';
import { Timeline, TimeTrack } from './timeline';

const PAT_PID = 0;
const PCR_TICKS = 300;
const TICKS_PER_MS = 90;
/** Beyond this a presentation time is no reordering of pictures. */
const MAX_REORDER_MS = 5000;
/** Streams whose times are read: a broadcast with more has them for other languages. */
const MAX_STREAMS = 8;
/** Without a packet of pictures for so long, segments may begin and end with sound. */
const ABSENT_MS = 1000;

/** What a PID is to the reader; roles from here on are 1 + the index of a stream. */
const ROLE_NONE = 0;
const ROLE_STREAM = 1;
const ROLE_CLOCK = 254;
const ROLE_PSI = 255;

/** What a unit and a packet of tables cost in packets that are only looked at. */
const UNIT_WORK = 20;
const PSI_WORK = 10;

/** The stream's scanner has accepted all tables in the ring, so the work of reading them again is bounded already. */
const ACCEPTED = { budget: new SourceBudget({ burst: Infinity, perSecond: 0, perKib: 0 }) };

export interface UnitReaderOptions {
  /** A greater step from one unit to the next is another time line, unless other streams say that it passed. */
  readonly maxStepMs: number;
  /** Time of a position where units bear none, as when they are scrambled. */
  readonly mediaTimeAt: (position: number) => number | null;
}

interface Unit {
  readonly position: number;
  /** Behind the last packet of the same stream before it. */
  readonly follows: number;
  readonly reorderMs: number;
  readonly arrivedMs: number;
  readonly tables: TablesBefore | null;
}

/** An elementary stream, or the clock as the last resort. */
class Track extends TimeTrack<Unit> {
  /** Where the line was when the last packet came that bears a part of a unit. */
  seenMs = 0;
  /** Behind that packet. */
  seenTo = 0;
  hasTimes = false;
  /** Units of it were told. */
  isUsed = false;

  constructor(
    readonly key: string,
    /** Null for the clock. */
    readonly pid: number | null,
  ) {
    super(pid === null);
  }
}

/**
 * Finds in packets where segments may begin and end, and puts these places on one line of time, without the 33 bits of
 * the field. They are units of the first stream that brings any, pictures before sound; a clock alone serves as well. The
 * programme is read from the packets themselves: what is read may be the past, when other tracks were in force.
 */
export class UnitReader {
  /** Grows by about the cost of what was read, in packets. */
  work = 0;
  private psi: PsiTracker;
  private programmeNumber = -1;
  private readonly roles = new Uint8Array(PID_COUNT);
  private readonly timeline: Timeline<Unit>;
  private readonly clock = new Track('clock', null);
  private tracks: readonly Track[] = [];
  private programme: Programme | null = null;
  private pcrPid = -1;
  /** All streams of the programme, those without times too. */
  private trackKeys: ReadonlySet<string> = new Set();
  private psiPosition = 0;
  /** Where the media before ended, until the first unit behind that is found. */
  private breaksAt: number | null = null;
  /** The stream of which the last unit was told. */
  private told: Track | null = null;
  private sink: UnitSink = () => undefined;

  constructor(private readonly options: UnitReaderOptions) {
    this.psi = this.newPsi();
    this.timeline = new Timeline(options.maxStepMs, {
      placed: (track, unit, ms) => this.offer(track as Track, unit, ms),
      broke: ({ position }) => (this.breaksAt ??= position),
    });
  }

  /** Packets were missed: what comes next, at `position`, is on a line of its own, and its programme may be another one. */
  skipped(position: number): void {
    this.psi = this.newPsi();
    this.assignRoles();
    this.beginLine(position);
  }

  /**
   * Reads the whole packets of `run`, which begins at stream position `position`.
   *
   * @param present the programme in force as long as the packets have shown none
   */
  read(run: Buffer, position: number, present: Programme, arrivedMs: number, sink: UnitSink): void {
    this.sink = sink;
    this.choose(present.programmeNumber);
    if (this.psi.programme === null) this.follow(present);
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
      track.seenTo = position + at + TS_PACKET;
    }
    this.work += run.length / TS_PACKET;
  }

  /** Of several programmes the one that the stream plays is read: it is the one with media. */
  private newPsi(): PsiTracker {
    return new PsiTracker(
      ACCEPTED,
      ({ programmeNumber }) => programmeNumber === this.programmeNumber,
    );
  }

  private choose(programmeNumber: number): void {
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
      // Only a splice of ours flags the tables themselves: what follows is of another source.
      if (pid === PAT_PID && discontinuityIndicator(run, at)) this.beginLine(position);
      return;
    }
    if (payloadUnitStart(run, at)) this.psiPosition = position;
    const hasChanged = this.psi.push(run, at, payloadOffset(run, at), pid);
    if (hasChanged && this.psi.programme !== null) this.follow(this.psi.programme);
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
    const follows = track.seenTo;
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
    // Where some units have times, those without are no place to cut.
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

  /** Tells of a unit, unless a better stream is there. */
  private offer(track: Track, unit: Unit, ms: number): void {
    const { nowMs, beganMs } = this.timeline;
    for (const better of this.tracks) {
      if (better === track) break;
      if (nowMs - (better.isUsed ? better.seenMs : beganMs) < ABSENT_MS) return;
    }
    const { position, follows, reorderMs, arrivedMs, tables } = unit;
    let breaksAt: number | null = null;
    if (this.breaksAt !== null) {
      // A stream that goes on ends with its last unit before the break, and not in the midst of it.
      const isSame = track === this.told;
      if (this.told !== null) breaksAt = isSame ? Math.max(this.breaksAt, follows) : this.breaksAt;
      this.breaksAt = null;
    }
    this.told = track;
    track.isUsed = true;
    const { pid } = track;
    const presentedMs = ms + reorderMs;
    this.sink({ pid, position, presentedMs, decodedMs: ms, arrivedMs, breaksAt, tables });
  }

  /** Other tracks are a break; another version or other descriptors of the same ones are none. */
  private follow(programme: Programme): void {
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
      this.timeline.follow([...tracks, this.clock]);
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

/** Streams by which segments may be cut, the best one first. */
function timedStreams({ streams, pcrPid }: Programme): ProgrammeStream[] {
  const ofKind = (wanted: string): ProgrammeStream[] =>
    streams.filter(({ kind }) => kind === wanted).slice(0, MAX_STREAMS / 2);
  const media = [...ofKind('video'), ...ofKind('audio')];
  if (media.length > 0) return media;
  const others = streams.filter(({ codec }) => codec !== 'sections');
  const clocked = others.filter(({ pid }) => pid === pcrPid);
  return [...clocked, ...others.filter(({ pid }) => pid !== pcrPid)].slice(0, MAX_STREAMS);
}

function keyOf({ pid, streamType, codec }: ProgrammeStream): string {
  return `${pid}:${streamType}:${codec}`;
}
