import { Deferred } from '../../kernel/deferred';
import type { JoinPoint } from '../buffer';
import type { StructuralWork } from '../mpegts';
import type { StreamHistory } from '../upstream';
import { renderPlaylist, windowStart } from './playlist';
import type { Segment } from './segment';
import { SegmentCutter } from './segment-cutter';
import { UnitReader, type MediaUnit, type TablesBefore } from './unit-reader';

/** Approximate heap memory of the objects of one segment, without the bytes of its tables. */
const SEGMENT_BYTES = 600;
/** The next segment is late after this many segment durations without one. */
const LATE_AFTER_SEGMENTS = 1.5;
/** A larger step of time is a break, whatever the target duration. */
const MAX_STEP_MS = 10_000;
/** Players treat a smaller step as continuous. */
const MIN_GAP_TICKS = 1000 * 90;
const MAX_GAP_TICKS = 120_000 * 90;
/** A playlist of this many segments has about 170 KB. With segments of 4 s they last 80 min. */
const MAX_SEGMENTS = 1200;
/**
 * Maximum work per read, in packets: about 20 ms. The rest of a long history waits for later turns of the event loop.
 */
const SLICE_WORK = 60_000;
/** Cost in units of the source's budget. Broadcasts have a segment every few seconds and breaks far less often. */
const SEGMENT_COST = 20;
const BREAK_COST = 200;

/**
 * Silence after which the open segment is closed. A stream may be configured to bridge shorter silences, which are not
 * worth an interrupted segment.
 */
const SILENT_MS = 2000;

export interface TrackOptions {
  /** HLS_SEGMENT_DURATION. */
  readonly segmentMs: number;
  /** Media sequence number of the first segment, and DISCONTINUITY-SEQUENCE before the first break. */
  readonly firstNumber: number;
  /** Wall clock minus monotonic clock, in ms since 1970. */
  readonly wallMinusMonotonicMs: number;
}

/** A rendered playlist that begins with the segment at index `from`. */
interface Rendered {
  readonly from: number;
  readonly pieces: readonly string[];
}

/**
 * The segments of one stream: positions in its ring, without copies of media. It does no work before the first
 * playlist request; then it reads the ring once, and new media as they arrive.
 */
export class SegmentTrack {
  private segments: Segment[] = [];
  /** True if no media arrived since the stream stalled. */
  private isSilent = false;
  private readonly cutter: SegmentCutter;
  private readonly reader: UnitReader;
  /** Position up to which packets were read. */
  private read = 0;
  /** The newest unit. Whether it is a random access point is known only when the next unit has begun. */
  private pendingUnit: MediaUnit | null = null;
  /** Random access points from this position on were not assigned to a unit yet. */
  private pointsFrom = 0;
  /** Published wall clock times by segment number. A segment that was published without a date never gets one. */
  private readonly dates = new Map<number, number | null>();
  private playable = new Deferred<void>();
  /** Monotonic time at which a segment was listed last; null before the first. */
  private listedMs: number | null = null;
  /** Resolved by the next segment. */
  private nextSegment = new Deferred<void>();
  /** The sliding window and the whole playlist as last rendered; null once the segments changed. */
  private window: Rendered | null = null;
  private whole: Rendered | null = null;
  private isListening = false;
  /** True once the history that existed when listening began was read. */
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

  /** Number of the next segment; neither it nor a higher one was published. */
  get nextNumber(): number {
    return this.cutter.next;
  }

  /** True if there are segments to list. */
  get isPlayable(): boolean {
    return this.hasCaughtUp && this.segments.length > 0;
  }

  /** Resolves when there are segments to list. The track must be listening. */
  whenPlayable(): Promise<void> {
    return this.isPlayable ? Promise.resolve() : this.playable.promise;
  }

  /** True if the next segment should have been listed by this monotonic time. */
  isLateAt(nowMs: number): boolean {
    const { listedMs, options } = this;
    return listedMs !== null && nowMs - listedMs > LATE_AFTER_SEGMENTS * options.segmentMs;
  }

  /** Resolves when a segment with this number or a higher one exists, or the track stops listening. */
  whenAvailable(number: number): Promise<void> {
    const isThere = !this.isListening || this.nextNumber > number;
    return isThere ? Promise.resolve() : this.nextSegment.promise;
  }

  /** Follows the stream, and keeps the media that its playlists list in the ring. */
  listen(): void {
    if (this.isListening) return;
    this.isListening = true;
    this.history.onAppended = () => this.advance();
    this.advance();
  }

  /** Stops following the stream because no player uses the track, and lets the ring drop its media. */
  stopListening(): void {
    if (!this.isListening) return;
    this.isListening = false;
    this.hasCaughtUp = false;
    if (this.nextSlice !== null) clearImmediate(this.nextSlice);
    this.nextSlice = null;
    if (this.segments.length > 0) this.playable = new Deferred<void>();
    this.history.onAppended = null;
    this.history.ring.owe(Infinity);
    this.segmentAdded();
  }

  /**
   * No media came for `silentMs`: publishes the media so far, unless the stream's pictures usually are that far apart.
   */
  stalled(silentMs: number): void {
    const usualMs = Math.max(SILENT_MS, this.history.scanner.patienceMs);
    if (!this.hasCaughtUp || this.isSilent || silentMs < usualMs) return;
    this.advance();
    this.isSilent = true;
    const { pendingUnit } = this;
    this.pendingUnit = null;
    if (pendingUnit !== null) this.decide(pendingUnit);
    const closed = this.cutter.stall();
    if (closed !== null) this.list(closed);
    if (this.isPlayable) this.playable.resolve();
  }

  /** Reads the media that arrived since the last call. */
  advance(): void {
    if (this.nextSlice === null) this.readSlice();
  }

  private readonly readSlice = (): void => {
    this.nextSlice = null;
    const { ring, scanner } = this.history;
    if (this.read < ring.tail) this.skip(ring.tail);
    const { programme, budget } = scanner;
    // Without a programme the packets cannot be interpreted.
    if (programme === null) return;
    const until = this.reader.work + SLICE_WORK;
    for (let run = ring.view(this.read); run !== null; run = ring.view(this.read)) {
      if (this.reader.work >= until) break;
      // The source exceeded its budget and is about to be ended, so do no more work for it.
      if (budget.exceededBy !== null) {
        this.skip(ring.head);
        break;
      }
      const arrivedMs = ring.arrivedBy(this.read) ?? this.history.nowMs();
      this.reader.read(run, this.read, programme, arrivedMs, this.take);
      this.read += run.length;
    }
    this.dropBefore(ring.tail);
    if (!this.isListening) return;
    if (this.read < ring.head) this.nextSlice = setImmediate(this.readSlice);
    else this.caughtUp();
    ring.owe(this.retainedFrom());
    if (this.isPlayable) this.playable.resolve();
  };

  private caughtUp(): void {
    if (!this.hasCaughtUp) this.cutter.forgetStalls();
    this.hasCaughtUp = true;
  }

  /** The segment with this number; null once some of its bytes have left the ring. */
  find(number: number): Segment | null {
    this.dropBefore(this.history.ring.tail);
    return this.segments[number - (this.segments[0]?.number ?? 0)] ?? null;
  }

  /**
   * The current playlist: the sliding window, or all segments in the ring. Call only if `isPlayable`. It is rendered
   * once per new segment, for all players.
   *
   * @param folder relative address of the folder that holds the player's segments, with the slash
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
    const previous = this.pendingUnit;
    this.pendingUnit = next;
    this.isSilent = false;
    if (previous !== null) this.decide(previous);
  };

  private decide(previous: MediaUnit): void {
    if (previous.breaksAt !== null) this.spend('timeline_breaks', BREAK_COST);
    const point = this.pointOf(previous);
    const position = point?.position ?? previous.position;
    const unit = position === previous.position ? previous : { ...previous, position };
    const tables = previous.tables ?? this.currentTables();
    const closed = this.cutter.push(unit, point?.preface ?? null, tables);
    if (closed !== null) this.list(closed);
  }

  private list(segment: Segment): void {
    this.spend('segments', SEGMENT_COST);
    const gapTicks = segment.isBreak ? this.gapAt(segment.start) : 0;
    this.segments.push({ ...segment, gapTicks });
    this.listedMs = this.history.nowMs();
    this.history.playlistBytes += memoryOf(segment);
    this.window = null;
    this.whole = null;
    this.segmentAdded();
  }

  private segmentAdded(): void {
    this.nextSegment.resolve();
    this.nextSegment = new Deferred<void>();
  }

  /** A step that is longer than any outage is a step of the broadcast's own clock, not a gap. */
  private gapAt(position: number): number {
    const step = this.history.stepAt(position) ?? 0;
    return step > MIN_GAP_TICKS && step < MAX_GAP_TICKS ? step : 0;
  }

  /** The history may come from an earlier source, for which the current one must not pay. */
  private spend(work: StructuralWork, units: number): void {
    if (this.hasCaughtUp) this.history.scanner.budget.spend(work, units);
  }

  /**
   * The random access point that belongs to a unit. It may begin before the unit, with parameter sets in a packet
   * without a timestamp. Audio points before the first picture do not apply to it: audio may lead until the first key
   * frame.
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

  /** The oldest media may be older than the oldest tables in the ring, so use the current ones. */
  private currentTables(): TablesBefore | null {
    const preface = this.history.scanner.psiPreface();
    return preface === null ? null : { preface: () => preface };
  }

  private skip(tail: number): void {
    const hadBegun = this.read > 0;
    this.read = tail;
    this.pendingUnit = null;
    if (!hadBegun) return;
    this.reader.skipped(tail);
    this.cutter.skipped();
  }

  private dropBefore(tail: number): void {
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
    if (this.segments.length === 0) this.playable = new Deferred<void>();
  }

  /**
   * Position from which the ring must keep media: the sliding window, and one target duration more for players with an
   * older playlist.
   */
  private retainedFrom(): number {
    const { targetMs } = this.isPlayable ? this : { targetMs: 0 };
    let from = windowStart(this.segments, targetMs);
    for (let moreMs = 0; from > 0 && moreMs < targetMs; from--) {
      moreMs += this.segments[from - 1]?.durationMs ?? 0;
    }
    return this.segments[from]?.start ?? this.history.ring.tail;
  }

  /** Once the ring drops bytes, its oldest segment may be gone before it is requested. */
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
