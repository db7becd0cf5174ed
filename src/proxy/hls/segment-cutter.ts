import type { MediaUnit, TablesBefore } from './media-unit';
import { ProgrammeDate } from './programme-date';
import type { Segment } from './segment';

/** The first segment is short, so that the first viewer waits less; none is shorter. */
const FIRST_MS = 1000;
/** A unit that comes this much early is on time: encoders round. */
const EARLY_MS = 25;
/** A duration is told rounded to seconds: this much above the target still rounds to it. */
const ROUNDING_MS = 450;
/** Length of a picture as long as only one was seen. */
const USUAL_STEP_MS = 40;
/** The last picture before a break lasts no longer than this, however slow the pictures came. */
const MAX_STEP_MS = 1000;
/** Less media than this are not worth a segment. A time line that lasts less is left out altogether. */
const MIN_MS = 1000;

export interface CutterOptions {
  /** HLS_SEGMENT_DURATION. */
  readonly segmentMs: number;
  readonly firstNumber: number;
  readonly wallMinusMonotonicMs: number;
}

interface Place {
  readonly unit: MediaUnit;
  /** Null at a unit that is no random access point. */
  readonly point: Buffer | null;
  readonly tables: TablesBefore | null;
}

interface Open extends Place {
  readonly isBreak: boolean;
  readonly preface: Buffer;
  /** Nothing of its time line is in another segment. */
  readonly isFirstOfLine: boolean;
}

/**
 * Decides where segments begin and end: at the first random access point after the wanted duration; at a break of the time
 * line; and, when neither comes before the target duration, at the last unit that keeps it. Behind a break a segment begins
 * at the first random access point. What lies between is in no segment, because players begin anew at a break and can not
 * show it; unless none comes within the wanted duration.
 */
export class SegmentCutter {
  /** False for ever once a segment has begun at anything but a random access point. */
  allIndependent = true;
  private target: number | null = null;
  private nextNumber: number;
  private breaks = 0;
  private made = 0;
  private longestMs = 0;
  private open: Open | null = null;
  private last: Place | null = null;
  private lastEndMs = 0;
  private stepMs = USUAL_STEP_MS;
  private arrivedMs = 0;
  /** Where a segment begins if no random access point comes before the target duration. */
  private waiting: Place | null = null;
  /** For so long none came before that place, over breaks of the time line. */
  private waitedMs = 0;
  private isBroken = false;
  /** Media go on without a gap from the end of the last segment: none of them may be left out. */
  private isContiguous = false;
  /** Where the segment begins that goes on after a stall. */
  private paused: Place | null = null;
  /** Durations of all segments, and the least time by which they ever came later than that. */
  private suppliedMs = 0;
  private leastLateMs = Infinity;
  /** What players have lost of their lead over stalls. */
  private lostMs = 0;
  private date: ProgrammeDate;

  constructor(private readonly options: CutterOptions) {
    this.nextNumber = options.firstNumber;
    this.date = new ProgrammeDate(options.wallMinusMonotonicMs);
  }

  /** Media sequence number of the segment that is made next. */
  get next(): number {
    return this.nextNumber;
  }

  /** Greatest duration of a segment, ms, as players are told; fixed when it is first asked for. */
  fixTargetMs(): number {
    const { open, last } = this;
    // What is open may be longer already than what was closed.
    const openMs = open === null || last === null ? 0 : elapsed(open.unit, last.unit);
    const isShort = Math.max(this.longestMs, openMs) <= this.shortTargetMs;
    this.target ??= isShort ? this.shortTargetMs : this.longTargetMs;
    return this.target;
  }

  /** Media were missed: what is open is given up, and the next segment stands apart. */
  skipped(): void {
    this.open = null;
    this.last = null;
    this.waiting = null;
    this.paused = null;
    this.isBroken = this.made > 0;
    this.isContiguous = false;
  }

  /**
   * The stream is silent: what is open ends before the last unit, which may not be complete. Null when there is nothing
   * worth a segment. What comes next is cut short until it has made up for the silence: some players never stop their clock,
   * and show of each segment only what is longer than the lead that they have lost.
   */
  stall(): Segment | null {
    this.lostMs = Infinity;
    const { open, last } = this;
    if (open === null || last === null || elapsed(open.unit, last.unit) < MIN_MS) return null;
    const closed = this.close(last.unit.position, last.unit.presentedMs);
    this.lostMs = Infinity;
    this.open = null;
    this.paused = last;
    return closed;
  }

  /** Nobody is there who could have lost anything. */
  forgetStalls(): void {
    this.leastLateMs = Infinity;
    this.lostMs = 0;
  }

  /**
   * Takes the next unit. Returns the segment that ends with it, if one does.
   *
   * @param point tables before the unit when it is a random access point, else null
   * @param tables the last tables before the unit; null while none are known
   */
  push(unit: MediaUnit, point: Buffer | null, tables: TablesBefore | null): Segment | null {
    const place = { unit, point, tables };
    this.arrivedMs = unit.arrivedMs;
    let closed: Segment | null = null;
    if (unit.breaksAt === null) this.resume();
    if (unit.breaksAt !== null) closed = this.endLine(unit.breaksAt);
    else if (this.open !== null || this.hasWaitedFor(place)) closed = this.cutAt(place);
    if (this.open === null) this.beginIfPossible(place);
    this.note(place);
    return closed;
  }

  /** The media go on where they were when the stream stalled. */
  private resume(): void {
    const { paused } = this;
    this.paused = null;
    const preface = paused?.point ?? paused?.tables?.preface() ?? null;
    if (paused !== null && preface !== null) this.begin(paused, preface, false);
  }

  private get wantedMs(): number {
    const { segmentMs } = this.options;
    return this.made === 0 ? FIRST_MS : Math.max(FIRST_MS, segmentMs - this.lostMs);
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
    this.waitedMs += this.waitingMs(this.last);
    this.waiting = null;
    this.open = null;
    this.last = null;
    this.isBroken = this.made > 0;
    this.isContiguous = closed !== null || this.paused !== null;
    this.paused = null;
    this.date = new ProgrammeDate(this.options.wallMinusMonotonicMs);
    return closed;
  }

  private endBeforeBreakMs(): number {
    const beginMs = this.open?.unit.presentedMs ?? 0;
    return Math.min(this.lastEndMs, beginMs + (this.target ?? this.longTargetMs));
  }

  private cutAt(place: Place): Segment | null {
    const { unit, point } = place;
    const open = this.open as Open;
    const limitMs = this.target ?? this.longTargetMs;
    const elapsedMs = elapsed(open.unit, unit);
    // Told is how long pictures are shown, which reordering makes differ from how they are decoded.
    const longestMs = Math.max(elapsedMs, unit.presentedMs - open.unit.presentedMs);
    if (
      point !== null &&
      elapsedMs >= this.wantedMs - EARLY_MS &&
      longestMs < limitMs + ROUNDING_MS
    ) {
      const closed = this.close(unit.position, unit.presentedMs);
      this.begin(place, point, false);
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

  private beginIfPossible(place: Place): void {
    const { point, tables } = place;
    if (point !== null) {
      this.begin(place, point, true);
      return;
    }
    if (tables !== null) this.waiting ??= place;
  }

  /**
   * A stream that shows no random access point is played from where it began. Nobody waits longer for that than for a
   * segment, and one that shows some is never begun elsewhere. Where media would be left out, the wait is shorter.
   */
  private hasWaitedFor({ unit, point }: Place): boolean {
    const { waiting } = this;
    if (waiting === null || waiting.tables === null || point !== null) return false;
    const { segmentMs } = this.options;
    const longestMs = this.isContiguous ? segmentMs : (this.target ?? this.longTargetMs);
    if (this.waitedMs + elapsed(waiting.unit, unit) <= longestMs) return false;
    this.begin(waiting, waiting.tables.preface(), true);
    return true;
  }

  private waitingMs(last: Place | null): number {
    const { waiting } = this;
    return waiting === null || last === null ? 0 : elapsed(waiting.unit, last.unit);
  }

  private begin(place: Place, preface: Buffer, isFirstOfLine: boolean): void {
    this.open = { ...place, isBreak: this.isBroken, preface, isFirstOfLine };
    this.waiting = null;
    this.waitedMs = 0;
    this.isBroken = false;
    this.isContiguous = true;
    this.lastEndMs = place.unit.presentedMs + this.stepMs;
  }

  private close(end: number, endMs: number): Segment | null {
    const { open } = this;
    if (open === null) return null;
    // A forced cut falls among reordered pictures: what is told keeps the target all the same.
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
      holeTicks: 0,
      isIndependent: open.point !== null,
      presentedMs: open.unit.presentedMs,
      arrivedMs: this.arrivedMs,
      date: this.date,
    };
    this.made++;
    this.suppliedMs += durationMs;
    const lateMs = this.arrivedMs - this.suppliedMs;
    this.leastLateMs = Math.min(this.leastLateMs, lateMs);
    this.lostMs = Math.min(this.lostMs, lateMs - this.leastLateMs);
    if (segment.isBreak) this.breaks++;
    if (!segment.isIndependent) this.allIndependent = false;
    this.longestMs = Math.max(this.longestMs, segment.durationMs);
    return segment;
  }

  private note(place: Place): void {
    const { unit } = place;
    this.date.note(unit.arrivedMs, unit.presentedMs);
    if (this.last !== null) {
      const stepMs = unit.decodedMs - this.last.unit.decodedMs;
      if (stepMs > 0) this.stepMs = Math.min(stepMs, MAX_STEP_MS);
    }
    this.lastEndMs = Math.max(this.lastEndMs, unit.presentedMs + this.stepMs);
    this.last = place;
  }
}

function elapsed(from: MediaUnit, to: MediaUnit): number {
  return to.decodedMs - from.decodedMs;
}
