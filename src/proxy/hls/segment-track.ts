import { Deferred } from '../../kernel/deferred';
import type { JoinPoint } from '../buffer';
import type { StructuralWork } from '../mpegts';
import type { StreamHistory } from '../upstream';
import type { MediaUnit, TablesBefore } from './media-unit';
import { renderPlaylist, windowStart } from './playlist';
import type { Segment } from './segment';
import { SegmentCutter } from './segment-cutter';
import { UnitReader } from './unit-reader';

/** Approximate heap memory of the objects of one segment, without the bytes of its tables. */
const SEGMENT_BYTES = 600;
/** Segment durations without a new segment after which the next one is late. */
const LATE_AFTER = 1.5;
/** Above this a step of time is a break, whatever the target duration. */
const MAX_STEP_MS = 10_000;
/** No player takes less for a leap of the clock. */
const MIN_HOLE_TICKS = 1000 * 90;
const MAX_HOLE_TICKS = 120_000 * 90;
/** A playlist that lists so many has about 170 KB. With segments of 4 s they are 80 minutes. */
const MAX_SEGMENTS = 1200;
/** Read at a time, in packets' worth of work: about 20 ms. The rest of a long past waits for the next turns of the event loop. */
const SLICE_WORK = 60_000;
/** What they cost of the source's budget. Broadcasts have a segment every few seconds, and breaks far less often. */
const SEGMENT_COST = 20;
const BREAK_COST = 200;

/** A session may be told to bridge the shortest silence, and an interrupted segment is worth more than that. */
const SILENT_MS = 2000;

export interface TrackOptions {
  /** HLS_SEGMENT_DURATION. */
  readonly segmentMs: number;
  /** Media sequence number of the first segment, and DISCONTINUITY-SEQUENCE before the first break. */
  readonly firstNumber: number;
  /** What turns monotonic times into the wall clock's, ms since 1970. */
  readonly wallMinusMonotonicMs: number;
}

/** A playlist from the segment with this index on. */
interface Rendered {
  readonly from: number;
  readonly pieces: readonly string[];
}

/**
 * The segments of one stream: a view of its ring that copies no media. It costs nothing before the first request
 * for a playlist; then the ring is read through once, and new media as they arrive.
 */
export class SegmentTrack {
  private segments: Segment[] = [];
  /** Nothing came since the stream stalled. */
  private isSilent = false;
  private readonly cutter: SegmentCutter;
  private readonly reader: UnitReader;
  /** Position up to which packets were read. */
  private read = 0;
  /** Not decided yet: whether it is a random access point is known when the next one has begun. */
  private undecided: MediaUnit | null = null;
  /** Random access points from here on have begun no segment. */
  private pointsFrom = 0;
  /** Wall clock of segments as it was told; one that was told without a date stays without. */
  private readonly dates = new Map<number, number | null>();
  private waiting = new Deferred<void>();
  /** Monotonic time at which a segment was listed last; null before the first. */
  private listedMs: number | null = null;
  /** Settled with the next segment. */
  private coming = new Deferred<void>();
  /** The sliding window and all that there is, as they were told last; null once the segments are others. */
  private window: Rendered | null = null;
  private whole: Rendered | null = null;
  private isListening = false;
  /** All that the history held when listening began has been read. */
  private hasCaughtUp = false;
  private nextSlice: NodeJS.Immediate | null = null;

  constructor(
    private readonly history: StreamHistory,
    private readonly options: TrackOptions,
  ) {
    this.cutter = new SegmentCutter(options);
    this.reader = new UnitReader({
      maxStepMs: Math.min(MAX_STEP_MS, 2 * options.segmentMs),
      mediaTimeAt: history.mediaTimeAt,
    });
    this.read = history.ring.tail;
  }

  /** Stream position up to which packets were read. */
  get position(): number {
    return this.read;
  }

  /** Target duration in ms. Fixed from the first call on. */
  get targetMs(): number {
    return this.cutter.fixTargetMs();
  }

  /** What the next segment will be called: nobody was told of this number or a higher one. */
  get nextNumber(): number {
    return this.cutter.next;
  }

  /** Whether there is anything to list. */
  get isPlayable(): boolean {
    return this.hasCaughtUp && this.segments.length > 0;
  }

  /** Resolves when there is something to list. The track has to listen meanwhile. */
  whenPlayable(): Promise<void> {
    return this.isPlayable ? Promise.resolve() : this.waiting.promise;
  }

  /** Whether the next segment should have been listed by this monotonic time. */
  isLateAt(nowMs: number): boolean {
    const { listedMs, options } = this;
    return listedMs !== null && nowMs - listedMs > LATE_AFTER * options.segmentMs;
  }

  /** Resolves when there is a segment of this number or a higher one, or nobody is told of segments any more. */
  whenMade(number: number): Promise<void> {
    const isThere = !this.isListening || this.nextNumber > number;
    return isThere ? Promise.resolve() : this.coming.promise;
  }

  /** Follows the stream from now on, and keeps what its playlists list. */
  listen(): void {
    if (this.isListening) return;
    this.isListening = true;
    this.history.onAppended = () => this.advance();
    this.advance();
  }

  /** Nobody asks any more: the stream owes nothing. */
  rest(): void {
    if (!this.isListening) return;
    this.isListening = false;
    this.hasCaughtUp = false;
    if (this.nextSlice !== null) clearImmediate(this.nextSlice);
    this.nextSlice = null;
    if (this.segments.length > 0) this.waiting = new Deferred<void>();
    this.history.onAppended = null;
    this.history.ring.owe(Infinity);
    this.announce();
  }

  /**
   * No media came for `silentMs`: players get what the stream has given so far, unless its pictures usually come that far
   * apart.
   */
  stalled(silentMs: number): void {
    const usualMs = Math.max(SILENT_MS, this.history.scanner.patienceMs);
    if (!this.hasCaughtUp || this.isSilent || silentMs < usualMs) return;
    this.advance();
    this.isSilent = true;
    const { undecided } = this;
    this.undecided = null;
    if (undecided !== null) this.decide(undecided);
    const closed = this.cutter.stall();
    if (closed !== null) this.list(closed);
    if (this.isPlayable) this.waiting.resolve();
  }

  /** Reads what has come since the last time. */
  advance(): void {
    if (this.nextSlice === null) this.readSlice();
  }

  private readonly readSlice = (): void => {
    this.nextSlice = null;
    const { ring, scanner } = this.history;
    if (this.read < ring.tail) this.skip(ring.tail);
    const { programme, budget } = scanner;
    // Before there is one, nothing can be made of what has come.
    if (programme === null) return;
    const until = this.reader.work + SLICE_WORK;
    for (let run = ring.view(this.read); run !== null; run = ring.view(this.read)) {
      if (this.reader.work >= until) break;
      // The source is about to be ended, and causes no more work.
      if (budget.exceededBy !== null) {
        this.skip(ring.head);
        break;
      }
      const arrivedMs = ring.arrivedBy(this.read) ?? this.history.nowMs();
      this.reader.read(run, this.read, programme, arrivedMs, this.take);
      this.read += run.length;
    }
    this.forget(ring.tail);
    if (!this.isListening) return;
    if (this.read < ring.head) this.nextSlice = setImmediate(this.readSlice);
    else this.caughtUp();
    ring.owe(this.owedFrom());
    if (this.isPlayable) this.waiting.resolve();
  };

  private caughtUp(): void {
    if (!this.hasCaughtUp) this.cutter.forgetStalls();
    this.hasCaughtUp = true;
  }

  /** The segment of this number while its bytes are all there. */
  find(number: number): Segment | null {
    this.forget(this.history.ring.tail);
    return this.segments[number - (this.segments[0]?.number ?? 0)] ?? null;
  }

  /**
   * The playlist of the moment: the sliding window, or all that the ring holds. Only when `isPlayable`. Made once
   * for all who ask before there is another segment.
   *
   * @param folder relative address of the folder that holds the asker's segments, with the slash
   */
  playlist(isWhole: boolean, folder: string): string {
    this.advance();
    const from = isWhole ? this.wholeStart() : windowStart(this.segments, this.targetMs);
    const known = isWhole ? this.whole : this.window;
    if (known?.from === from) return known.pieces.join(folder);
    const pieces = renderPlaylist({
      segments: this.segments.slice(from),
      targetMs: this.targetMs,
      firstBreak: this.options.firstNumber,
      allIndependent: this.cutter.allIndependent,
      dateOf: (segment) => this.dateOf(segment),
    });
    if (isWhole) this.whole = { from, pieces };
    else this.window = { from, pieces };
    return pieces.join(folder);
  }

  private readonly take = (next: MediaUnit): void => {
    const decided = this.undecided;
    this.undecided = next;
    this.isSilent = false;
    if (decided !== null) this.decide(decided);
  };

  private decide(decided: MediaUnit): void {
    if (decided.breaksAt !== null) this.spend('timeline_breaks', BREAK_COST);
    const point = this.pointOf(decided);
    const position = point?.position ?? decided.position;
    const unit = position === decided.position ? decided : { ...decided, position };
    const tables = decided.tables ?? this.presentTables();
    const closed = this.cutter.push(unit, point?.preface ?? null, tables);
    if (closed !== null) this.list(closed);
  }

  private list(segment: Segment): void {
    this.spend('segments', SEGMENT_COST);
    const holeTicks = segment.isBreak ? this.holeAt(segment.start) : 0;
    this.segments.push({ ...segment, holeTicks });
    this.listedMs = this.history.nowMs();
    this.history.playlistBytes += memoryOf(segment);
    this.window = null;
    this.whole = null;
    this.announce();
  }

  private announce(): void {
    this.coming.resolve();
    this.coming = new Deferred<void>();
  }

  /** A longer step than an outage can be is a leap of the broadcast's own clock. */
  private holeAt(position: number): number {
    const step = this.history.stepAt(position) ?? 0;
    return step > MIN_HOLE_TICKS && step < MAX_HOLE_TICKS ? step : 0;
  }

  /** The past may be that of an earlier source, for which the present one does not pay. */
  private spend(work: StructuralWork, units: number): void {
    if (this.hasCaughtUp) this.history.scanner.budget.spend(work, units);
  }

  /**
   * The random access point that belongs to a unit. It may begin before the unit does, with parameters in a packet of
   * their own that bears no time. Sound from before a picture tells nothing of that: where pictures begin to come, the
   * sound may still lead until their first key frame.
   */
  private pointOf({ pid, position, breaksAt }: MediaUnit): JoinPoint | null {
    const { points } = this.history;
    let found: JoinPoint | null = null;
    let from = Math.max(this.pointsFrom, breaksAt ?? 0);
    for (let next = points.firstFrom(from); next !== null; next = points.firstFrom(from)) {
      if (next.position > position) break;
      if (pid === null || next.pid === pid) found = next;
      from = next.position + 1;
    }
    this.pointsFrom = Math.max(from, position);
    return found;
  }

  /** The oldest media may be older than the oldest tables that are still there. */
  private presentTables(): TablesBefore | null {
    const preface = this.history.scanner.psiPreface();
    return preface === null ? null : { preface: () => preface };
  }

  private skip(tail: number): void {
    const hadBegun = this.read > 0;
    this.read = tail;
    this.undecided = null;
    if (!hadBegun) return;
    this.reader.skipped(tail);
    this.cutter.skipped();
  }

  private forget(tail: number): void {
    let gone = 0;
    for (let first = this.segments[0]; first !== undefined; first = this.segments[gone]) {
      if (first.start >= tail && this.segments.length - gone <= MAX_SEGMENTS) break;
      this.dates.delete(first.number);
      this.history.playlistBytes -= memoryOf(first);
      gone++;
    }
    if (gone === 0) return;
    this.segments.splice(0, gone);
    this.window = null;
    this.whole = null;
    if (this.segments.length === 0) this.waiting = new Deferred<void>();
  }

  /** What the sliding window lists, and one target duration more for those who hold an older playlist. */
  private owedFrom(): number {
    const { targetMs } = this.isPlayable ? this : { targetMs: 0 };
    let from = windowStart(this.segments, targetMs);
    for (let moreMs = 0; from > 0 && moreMs < targetMs; from--) {
      moreMs += this.segments[from - 1]?.durationMs ?? 0;
    }
    return this.segments[from]?.start ?? this.history.ring.tail;
  }

  /** Once the ring drops bytes, its oldest segment may be gone before it is asked for. */
  private wholeStart(): number {
    const isFull = this.history.ring.tail > 0 && this.segments.length > 1;
    return isFull ? Math.min(1, windowStart(this.segments, this.targetMs)) : 0;
  }

  private dateOf(segment: Segment): number | null {
    let date = this.dates.get(segment.number);
    if (date === undefined) {
      date = segment.date.at(segment.presentedMs);
      this.dates.set(segment.number, date);
    }
    return date;
  }
}

function memoryOf({ preface }: Segment): number {
  return SEGMENT_BYTES + preface.length;
}
