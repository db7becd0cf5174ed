import type { MediaUnit, TablesBefore } from './unit-reader';
import { ProgrammeDate } from './programme-date';
import type { Segment } from './segment';

/**
 * Wanted duration of the first segment, so that the first viewer waits less. Also the minimum for all other segments.
 */
const FIRST_MS = 1000;
/** A segment may end this much before the wanted duration, because encoders round timestamps. */
const EARLY_MS = 25;
/** A segment may exceed the target duration by this much, because players compare durations rounded to seconds. */
const ROUNDING_MS = 450;
/** Assumed duration of a unit until two units have been read. */
const USUAL_STEP_MS = 40;
/** Maximum duration of a unit, which gives the end of the last unit before a break. */
const MAX_STEP_MS = 1000;
/**
 * Minimum duration of a segment that a stall closes, and of the first segment of a timeline. If a break comes earlier,
 * that timeline is omitted.
 */
const MIN_MS = 1000;

export interface CutterOptions {
  /** HLS_SEGMENT_DURATION. */
  readonly segmentMs: number;
  readonly firstNumber: number;
  /** Wall clock minus monotonic clock, in ms. */
  readonly wallMinusMonotonicMs: number;
}

/** A unit at which a segment may begin or end. */
interface CutCandidate {
  readonly unit: MediaUnit;
  /** The tables to send before the unit if it is a random access point; else null. */
  readonly point: Buffer | null;
  /** The last tables before the unit; null while none are known. */
  readonly tables: TablesBefore | null;
}

/** The segment that has begun and not ended, with the unit at its beginning. */
interface OpenSegment extends CutCandidate {
  readonly isBreak: boolean;
  readonly preface: Buffer;
  /** True if this is the first segment of its timeline. */
  readonly isFirstOfLine: boolean;
}

/**
 * Decides where segments begin and end.
 *
 * A segment ends at a break of the timeline, or else at the first random access point after the wanted duration. If
 * none comes within the target duration, the segment ends at the last unit within it. After a break, the next segment
 * begins at the first random access point. The media before that point are omitted, because players restart at a break
 * and cannot decode them. If no random access point comes in time, the segment begins at the first unit, and nothing is
 * omitted.
 */
export class SegmentCutter {
  /** False once a segment began at a unit that is no random access point. */
  allIndependent = true;
  /** The target duration in ms; null until it was published. */
  private target: number | null = null;
  private nextNumber: number;
  private breaks = 0;
  private madeCount = 0;
  private longestMs = 0;
  private open: OpenSegment | null = null;
  private last: CutCandidate | null = null;
  private lastEndMs = 0;
  private stepMs = USUAL_STEP_MS;
  private arrivedMs = 0;
  /** The unit at which the next segment begins if no random access point comes in time. */
  private fallback: CutCandidate | null = null;
  /** Duration of the media on earlier timelines that were omitted for want of a random access point. */
  private fallbackWaitMs = 0;
  /** True if the next segment begins with a break. */
  private isBroken = false;
  /**
   * True if the media follow the last segment without a gap, so that a long wait for a random access point costs media.
   */
  private mustBeContiguous = false;
  /** The unit at which the next segment begins after a stall; null without a stall. */
  private stalledAt: CutCandidate | null = null;
  /** Total duration of all segments, in ms. */
  private suppliedMs = 0;
  /**
   * The smallest lateness of any segment: its arrival time minus the total duration of the segments up to it. Only
   * differences of this value have a meaning.
   */
  private minLatenessMs = Infinity;
  /** How many ms of media the players' buffers have lost in stalls and have not got back. */
  private lostLeadMs = 0;
  private date: ProgrammeDate;

  constructor(private readonly options: CutterOptions) {
    this.nextNumber = options.firstNumber;
    this.date = new ProgrammeDate(options.wallMinusMonotonicMs);
  }

  /** Media sequence number of the next segment. */
  get next(): number {
    return this.nextNumber;
  }

  /** Returns the target duration to publish, in ms. The first call fixes it. */
  fixTargetMs(): number {
    const { open, last } = this;
    // The open segment may be longer than all earlier ones.
    const openMs = open === null || last === null ? 0 : elapsed(open.unit, last.unit);
    const isShort = Math.max(this.longestMs, openMs) <= this.shortTargetMs;
    this.target ??= isShort ? this.shortTargetMs : this.longTargetMs;
    return this.target;
  }

  /** Call when media were skipped. Drops the open segment; the next one begins with a break. */
  skipped(): void {
    this.open = null;
    this.last = null;
    this.fallback = null;
    this.stalledAt = null;
    this.isBroken = this.madeCount > 0;
    this.mustBeContiguous = false;
  }

  /**
   * Call when the stream is silent. Closes the open segment before its last unit, which may be incomplete, and returns
   * it; null if it would be too short. Later segments are short until the media have caught up with real time, because
   * the clock of some players continues during the silence. Of each segment, these players show only the part that is
   * longer than the time they have lost.
   */
  stall(): Segment | null {
    this.lostLeadMs = Infinity;
    const { open, last } = this;
    if (open === null || last === null || elapsed(open.unit, last.unit) < MIN_MS) return null;
    const closed = this.close(last.unit.position, last.unit.presentedMs);
    this.lostLeadMs = Infinity;
    this.open = null;
    this.stalledAt = last;
    return closed;
  }

  /** Forgets all stalls. Call when no player was watching. */
  forgetStalls(): void {
    this.minLatenessMs = Infinity;
    this.lostLeadMs = 0;
  }

  /**
   * Takes the next unit. Returns the segment that ends at this unit or before it; null if none does.
   *
   * @param point the tables to send before the unit if it is a random access point; else null
   * @param tables the last tables before the unit; null while none are known
   */
  push(unit: MediaUnit, point: Buffer | null, tables: TablesBefore | null): Segment | null {
    const candidate = { unit, point, tables };
    this.arrivedMs = unit.arrivedMs;
    let closed: Segment | null = null;
    if (unit.breaksAt === null) this.resume();
    if (unit.breaksAt !== null) closed = this.endLine(unit.breaksAt);
    else if (this.open !== null || this.beginAtFallback(candidate)) closed = this.cutAt(candidate);
    if (this.open === null) this.beginIfPossible(candidate);
    this.observe(candidate);
    return closed;
  }

  /** After a stall without a break, begins the next segment at the unit before which the last one was closed. */
  private resume(): void {
    const { stalledAt } = this;
    this.stalledAt = null;
    const preface = stalledAt?.point ?? stalledAt?.tables?.preface() ?? null;
    if (stalledAt !== null && preface !== null) this.begin(stalledAt, preface, false);
  }

  /** The wanted duration of the open segment, in ms. */
  private get wantedMs(): number {
    const { segmentMs } = this.options;
    return this.madeCount === 0 ? FIRST_MS : Math.max(FIRST_MS, segmentMs - this.lostLeadMs);
  }

  /** The target duration of a stream with frequent random access points. */
  private get shortTargetMs(): number {
    return Math.ceil((2 * this.options.segmentMs) / 1000) * 1000;
  }

  /** The target duration of a stream with rare random access points. */
  private get longTargetMs(): number {
    return Math.ceil((3 * this.options.segmentMs) / 1000) * 1000;
  }

  /** Ends the timeline, or the media with the present set of tracks, at position `end`. Returns the closed segment. */
  private endLine(end: number): Segment | null {
    const endMs = this.endBeforeBreakMs();
    const { open } = this;
    const isTooShort = open?.isFirstOfLine === true && endMs - open.unit.presentedMs < MIN_MS;
    const closed = isTooShort ? null : this.close(end, endMs);
    this.fallbackWaitMs += this.fallbackAgeMs(this.last);
    this.fallback = null;
    this.open = null;
    this.last = null;
    this.isBroken = this.madeCount > 0;
    this.mustBeContiguous = closed !== null || this.stalledAt !== null;
    this.stalledAt = null;
    this.date = new ProgrammeDate(this.options.wallMinusMonotonicMs);
    return closed;
  }

  /** Returns the presentation time at which the open segment ends before a break. */
  private endBeforeBreakMs(): number {
    const beginMs = this.open?.unit.presentedMs ?? 0;
    return Math.min(this.lastEndMs, beginMs + (this.target ?? this.longTargetMs));
  }

  /** Ends the open segment at `candidate`, or at the last unit before it if the segment would be too long. */
  private cutAt(candidate: CutCandidate): Segment | null {
    const { unit, point } = candidate;
    const open = this.open as OpenSegment;
    const limitMs = this.target ?? this.longTargetMs;
    const elapsedMs = elapsed(open.unit, unit);
    // The published duration is in presentation time, which differs from decoding time if pictures are reordered.
    const longestMs = Math.max(elapsedMs, unit.presentedMs - open.unit.presentedMs);
    if (
      point !== null &&
      elapsedMs >= this.wantedMs - EARLY_MS &&
      longestMs < limitMs + ROUNDING_MS
    ) {
      const closed = this.close(unit.position, unit.presentedMs);
      this.begin(candidate, point, false);
      return closed;
    }
    const { last } = this;
    if (elapsedMs <= limitMs || last === null) return null;
    if (last.unit.position === open.unit.position) return null;
    const preface = last.point ?? last.tables?.preface() ?? null;
    if (preface === null) return null;
    const closed = this.close(last.unit.position, last.unit.presentedMs);
    this.begin(last, preface, false);
    return closed;
  }

  /** Begins a segment at a random access point. Remembers the first other unit as `fallback`. */
  private beginIfPossible(candidate: CutCandidate): void {
    const { point, tables } = candidate;
    if (point !== null) {
      this.begin(candidate, point, true);
      return;
    }
    if (tables !== null) this.fallback ??= candidate;
  }

  /**
   * Begins a segment at `fallback` and returns true if no random access point has come in time. The wait is as long as
   * a segment if media would otherwise be omitted between two segments, and else as long as the target duration.
   */
  private beginAtFallback({ unit, point }: CutCandidate): boolean {
    const { fallback } = this;
    if (fallback === null || fallback.tables === null || point !== null) return false;
    const { segmentMs } = this.options;
    const longestMs = this.mustBeContiguous ? segmentMs : (this.target ?? this.longTargetMs);
    if (this.fallbackWaitMs + elapsed(fallback.unit, unit) <= longestMs) return false;
    this.begin(fallback, fallback.tables.preface(), true);
    return true;
  }

  /** Returns the duration of the media from `fallback` to `last`. */
  private fallbackAgeMs(last: CutCandidate | null): number {
    const { fallback } = this;
    return fallback === null || last === null ? 0 : elapsed(fallback.unit, last.unit);
  }

  private begin(candidate: CutCandidate, preface: Buffer, isFirstOfLine: boolean): void {
    this.open = { ...candidate, isBreak: this.isBroken, preface, isFirstOfLine };
    this.fallback = null;
    this.fallbackWaitMs = 0;
    this.isBroken = false;
    this.mustBeContiguous = true;
    this.lastEndMs = candidate.unit.presentedMs + this.stepMs;
  }

  /** Returns the open segment, which ends at position `end` and presentation time `endMs`. */
  private close(end: number, endMs: number): Segment | null {
    const { open } = this;
    if (open === null) return null;
    // If a segment ends among reordered pictures, its duration may exceed the target, but must not be published so.
    const longestMs = (this.target ?? this.longTargetMs) + ROUNDING_MS;
    const durationMs = Math.min(Math.max(1, endMs - open.unit.presentedMs), longestMs);
    const segment: Segment = {
      number: this.nextNumber++,
      start: open.unit.position,
      end,
      preface: open.preface,
      durationMs,
      isBreak: open.isBreak,
      breaksBefore: this.breaks,
      gapTicks: 0,
      isIndependent: open.point !== null,
      presentedMs: open.unit.presentedMs,
      arrivedMs: this.arrivedMs,
      date: this.date,
    };
    this.madeCount++;
    this.suppliedMs += durationMs;
    const lateMs = this.arrivedMs - this.suppliedMs;
    this.minLatenessMs = Math.min(this.minLatenessMs, lateMs);
    this.lostLeadMs = Math.min(this.lostLeadMs, lateMs - this.minLatenessMs);
    if (segment.isBreak) this.breaks++;
    if (!segment.isIndependent) this.allIndependent = false;
    this.longestMs = Math.max(this.longestMs, segment.durationMs);
    return segment;
  }

  /** Takes the time and the duration of a unit into account. */
  private observe(candidate: CutCandidate): void {
    const { unit } = candidate;
    this.date.observe(unit.arrivedMs, unit.presentedMs);
    if (this.last !== null) {
      const stepMs = unit.decodedMs - this.last.unit.decodedMs;
      if (stepMs > 0) this.stepMs = Math.min(stepMs, MAX_STEP_MS);
    }
    this.lastEndMs = Math.max(this.lastEndMs, unit.presentedMs + this.stepMs);
    this.last = candidate;
  }
}

/** Returns the media time between two units, in ms. */
function elapsed(from: MediaUnit, to: MediaUnit): number {
  return to.decodedMs - from.decodedMs;
}
