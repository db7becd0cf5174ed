import type { MediaUnit, TablesBefore } from './unit-reader';
import { ProgrammeDate } from './programme-date';
import type { Segment } from './segment';

/** Minimum duration of a segment. The first one has this length, so that the first viewer waits less. */
const FIRST_MS = 1000;
/** A unit that is this much early counts as on time, because encoders round. */
const EARLY_MS = 25;
/** The published target is rounded to seconds: a duration this much above it still rounds to it. */
const ROUNDING_MS = 450;
/** Assumed duration of a picture until two have been seen. */
const USUAL_STEP_MS = 40;
/** Maximum duration of the last picture before a break. */
const MAX_STEP_MS = 1000;
/** Minimum media in a segment before a break. A shorter time line is omitted entirely. */
const MIN_MS = 1000;

export interface CutterOptions {
  /** HLS_SEGMENT_DURATION. */
  readonly segmentMs: number;
  readonly firstNumber: number;
  readonly wallMinusMonotonicMs: number;
}

interface CutCandidate {
  readonly unit: MediaUnit;
  /** Tables at a random access point; null at other units. */
  readonly point: Buffer | null;
  readonly tables: TablesBefore | null;
}

interface OpenSegment extends CutCandidate {
  readonly isBreak: boolean;
  readonly preface: Buffer;
  /** True if this is the first segment of its time line. */
  readonly isFirstOfLine: boolean;
}

/**
 * Decides where segments begin and end. A segment ends at the first random access point after the wanted duration, at
 * a break of the time line, or, if neither comes before the target duration, at the last unit within it. After a break
 * the next segment begins at the first random access point. Media in between are omitted, because players restart at a
 * break and cannot decode them; but if no random access point comes within the wanted duration, nothing is omitted.
 */
export class SegmentCutter {
  /** False from the first segment on that begins at anything but a random access point. */
  allIndependent = true;
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
  /** Where the next segment begins if no random access point comes in time. */
  private fallback: CutCandidate | null = null;
  /** Media time without a random access point before `fallback`, across breaks of the time line. */
  private fallbackWaitMs = 0;
  private isBroken = false;
  /** True if media continue without a gap from the last segment, so none of them may be omitted. */
  private mustBeContiguous = false;
  /** Where the next segment begins after a stall. */
  private stalledAt: CutCandidate | null = null;
  /** Total duration of all segments, and the smallest lateness at which one arrived. */
  private suppliedMs = 0;
  private minLatenessMs = Infinity;
  /** Buffered media that players have lost in stalls, in ms. */
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

  /** Target duration in ms as published; fixed by the first call. */
  fixTargetMs(): number {
    const { open, last } = this;
    // The open segment may already be longer than all closed ones.
    const openMs = open === null || last === null ? 0 : elapsed(open.unit, last.unit);
    const isShort = Math.max(this.longestMs, openMs) <= this.shortTargetMs;
    this.target ??= isShort ? this.shortTargetMs : this.longTargetMs;
    return this.target;
  }

  /** Media were lost: drops the open segment, and the next one begins with a break. */
  skipped(): void {
    this.open = null;
    this.last = null;
    this.fallback = null;
    this.stalledAt = null;
    this.isBroken = this.madeCount > 0;
    this.mustBeContiguous = false;
  }

  /**
   * The stream is silent: closes the open segment before the last unit, which may be incomplete. Null if that is too
   * short. Segments after the silence are short until the stream has made up for it, because some players never stop
   * their clock and show only the part of a segment that exceeds their lost lead.
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

  /** Resets the stall accounting, because no player was watching. */
  forgetStalls(): void {
    this.minLatenessMs = Infinity;
    this.lostLeadMs = 0;
  }

  /**
   * Takes the next unit. Returns the segment that ends with it, if any.
   *
   * @param point tables before the unit if it is a random access point, else null
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

  /** Media continue where they were when the stream stalled. */
  private resume(): void {
    const { stalledAt } = this;
    this.stalledAt = null;
    const preface = stalledAt?.point ?? stalledAt?.tables?.preface() ?? null;
    if (stalledAt !== null && preface !== null) this.begin(stalledAt, preface, false);
  }

  private get wantedMs(): number {
    const { segmentMs } = this.options;
    return this.madeCount === 0 ? FIRST_MS : Math.max(FIRST_MS, segmentMs - this.lostLeadMs);
  }

  private get shortTargetMs(): number {
    return Math.ceil((2 * this.options.segmentMs) / 1000) * 1000;
  }

  private get longTargetMs(): number {
    return Math.ceil((3 * this.options.segmentMs) / 1000) * 1000;
  }

  /** Ends the time line, or the run of the same tracks, at position `end`. */
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

  private endBeforeBreakMs(): number {
    const beginMs = this.open?.unit.presentedMs ?? 0;
    return Math.min(this.lastEndMs, beginMs + (this.target ?? this.longTargetMs));
  }

  private cutAt(candidate: CutCandidate): Segment | null {
    const { unit, point } = candidate;
    const open = this.open as OpenSegment;
    const limitMs = this.target ?? this.longTargetMs;
    const elapsedMs = elapsed(open.unit, unit);
    // The published duration is presentation time, which reordering makes differ from decoding time.
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

  private beginIfPossible(candidate: CutCandidate): void {
    const { point, tables } = candidate;
    if (point !== null) {
      this.begin(candidate, point, true);
      return;
    }
    if (tables !== null) this.fallback ??= candidate;
  }

  /**
   * Begins a segment at `fallback` once no random access point has come for the maximum wait, and returns true.
   * Players wait no longer for that than for a segment; the wait is shorter if media would be omitted. A stream with
   * random access points never begins elsewhere.
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

  private close(end: number, endMs: number): Segment | null {
    const { open } = this;
    if (open === null) return null;
    // A forced cut can fall among reordered pictures; the published duration must still respect the target.
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

function elapsed(from: MediaUnit, to: MediaUnit): number {
  return to.decodedMs - from.decodedMs;
}
