import { Deferred } from '../../kernel/deferred';
import type { JoinPoint } from '../buffer';
import type { StructuralWork } from '../mpegts';
import type { StreamHistory } from '../upstream';
import { renderPlaylist, windowStart } from './playlist';
import type { Segment } from './segment';
import { SegmentCutter } from './segment-cutter';
import { UnitReader, type MediaUnit, type TablesBefore } from './unit-reader';

/** Approximate memory of the objects of one segment, without the bytes of its tables. */
const SEGMENT_BYTES = 600;
/** The next segment counts as late after this many segment durations without a new one. */
const LATE_AFTER_SEGMENTS = 1.5;
/** A larger step between two timestamps begins a new timeline, however long segments are. */
const MAX_STEP_MS = 10_000;
/** Players play across a smaller gap without a pause. */
const MIN_GAP_TICKS = 1000 * 90;
/** A larger step is longer than any outage, so the broadcast's own clock must have jumped. */
const MAX_GAP_TICKS = 120_000 * 90;
/** Maximum number of segments: 80 min with segments of 4 s. A playlist of them has about 170 KB. */
const MAX_SEGMENTS = 1200;
/**
 * Maximum work in one turn of the event loop, in packets. It takes about 20 ms. A longer history is read in several
 * turns.
 */
const SLICE_WORK = 60_000;
/** Costs in units of the source's budget. Normal broadcasts need a segment every few seconds, and breaks are rarer. */
const SEGMENT_COST = 20;
const BREAK_COST = 200;

/**
 * Duration of a silence after which the open segment is closed. A stream may count as stalled earlier, depending on the
 * settings, but a shorter silence is no reason to cut a segment.
 */
const SILENT_MS = 2000;

export interface TrackOptions {
  /** HLS_SEGMENT_DURATION. */
  readonly segmentMs: number;
  /**
   * Media sequence number of the first segment, and the value of EXT-X-DISCONTINUITY-SEQUENCE before the first break.
   */
  readonly firstNumber: number;
  /** Wall clock (ms since 1970) minus monotonic clock. */
  readonly wallMinusMonotonicMs: number;
}

/** A rendered playlist that begins with the segment at index `from`. */
interface Rendered {
  readonly from: number;
  readonly pieces: readonly string[];
}

/**
 * The HLS segments of one stream. They are positions in its ring; media are not copied. A track does no work before the
 * first request for a playlist. Then it reads the whole ring once, and new media as they arrive.
 */
export class SegmentTrack {
  private segments: Segment[] = [];
  /** True if no media have arrived since `stalled` closed a segment. */
  private isSilent = false;
  private readonly cutter: SegmentCutter;
  private readonly reader: UnitReader;
  /** Stream position up to which packets were read. */
  private read = 0;
  /** The newest unit. Only when the next one has begun is it known whether it is a random access point. */
  private pendingUnit: MediaUnit | null = null;
  /** Random access points at this position and later have not been assigned to a unit yet. */
  private pointsFrom = 0;
  /**
   * The wall clock time of each published segment, by number. Null if it was published without one, which never
   * changes.
   */
  private readonly dates = new Map<number, number | null>();
  /** Resolves when there are segments to list. */
  private playable = new Deferred<void>();
  /** Monotonic time at which the newest segment was added; null before the first. */
  private listedMs: number | null = null;
  /** Resolves when the next segment is added. */
  private nextSegment = new Deferred<void>();
  /** The playlist of the sliding window as last rendered; null if the segments have changed since. */
  private window: Rendered | null = null;
  /** The playlist of all segments as last rendered; null if the segments have changed since. */
  private whole: Rendered | null = null;
  private isListening = false;
  /** True once everything was read that the ring held when listening began. */
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

  /** Target duration in ms. The first use fixes it. */
  get targetMs(): number {
    return this.cutter.fixTargetMs();
  }

  /** Number of the next segment. Neither this number nor a higher one was used yet. */
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

  /** True if the next segment should have been added by this monotonic time. */
  isLateAt(nowMs: number): boolean {
    const { listedMs, options } = this;
    return listedMs !== null && nowMs - listedMs > LATE_AFTER_SEGMENTS * options.segmentMs;
  }

  /** Resolves when a segment with this number or a higher one was added, or when the track stops listening. */
  whenAvailable(number: number): Promise<void> {
    const isThere = !this.isListening || this.nextNumber > number;
    return isThere ? Promise.resolve() : this.nextSegment.promise;
  }

  /** Reads the stream's media from now on, and makes the ring keep the media of the sliding window. */
  listen(): void {
    if (this.isListening) return;
    this.isListening = true;
    this.history.onAppended = () => this.advance();
    this.advance();
  }

  /** Stops reading the stream's media, and lets the ring drop them. Call when no player uses the track. */
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
   * Call while no media arrive, for `silentMs` so far. Closes the open segment, unless silences of this length are
   * usual in this stream, for example between its pictures.
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

  /** Reads the media that have arrived since the last call. */
  advance(): void {
    if (this.nextSlice === null) this.readSlice();
  }

  private readonly readSlice = (): void => {
    this.nextSlice = null;
    const { ring, scanner } = this.history;
    if (this.read < ring.tail) this.skip(ring.tail);
    const { programme, budget } = scanner;
    // The packets cannot be interpreted before the programme is known.
    if (programme === null) return;
    const until = this.reader.work + SLICE_WORK;
    for (let run = ring.view(this.read); run !== null; run = ring.view(this.read)) {
      if (this.reader.work >= until) break;
      // The source has exceeded its budget and is about to be stopped, so do no more work for it.
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

  /** Returns the segment with this number; null if there is none, or if the ring has dropped some of its bytes. */
  find(number: number): Segment | null {
    this.dropBefore(this.history.ring.tail);
    return this.segments[number - (this.segments[0]?.number ?? 0)] ?? null;
  }

  /**
   * Returns the current playlist. Call only if `isPlayable`. It is rendered once for all players after each new
   * segment.
   *
   * @param isWhole true to list all segments in the ring, false to list the sliding window
   * @param folder relative address of the folder of the player's segments, with a slash at its end
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

  /** Passes a unit on to the cutter, with the random access point and the tables that belong to it. */
  private decide(previous: MediaUnit): void {
    if (previous.breaksAt !== null) this.spend('timeline_breaks', BREAK_COST);
    const point = this.pointOf(previous);
    const position = point?.position ?? previous.position;
    const unit = position === previous.position ? previous : { ...previous, position };
    const tables = previous.tables ?? this.currentTables();
    const closed = this.cutter.push(unit, point?.preface ?? null, tables);
    if (closed !== null) this.list(closed);
  }

  /** Adds a segment to the playlists. */
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

  /** Wakes the requests that wait for a segment. */
  private segmentAdded(): void {
    this.nextSegment.resolve();
    this.nextSegment = new Deferred<void>();
  }

  /** Returns the length of the gap at a break, in ticks of 90 kHz; 0 if the broadcast's own clock has jumped. */
  private gapAt(position: number): number {
    const step = this.history.stepAt(position) ?? 0;
    return step > MIN_GAP_TICKS && step < MAX_GAP_TICKS ? step : 0;
  }

  /** Charges work to the budget of the source. Old media are free, because they may come from an earlier source. */
  private spend(work: StructuralWork, units: number): void {
    if (this.hasCaughtUp) this.history.scanner.budget.spend(work, units);
  }

  /**
   * Returns the random access point that belongs to a unit; null if there is none. It may begin before the unit, with
   * parameter sets in a packet without a timestamp. A point of another stream does not count: there are audio points
   * before the first key frame.
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

  /** Returns the current tables, for the oldest media, which may have lost their own tables. Null if there are none. */
  private currentTables(): TablesBefore | null {
    const preface = this.history.scanner.psiPreface();
    return preface === null ? null : { preface: () => preface };
  }

  /** Continues at position `tail`, because the media before it were dropped or must not be read. */
  private skip(tail: number): void {
    const hadBegun = this.read > 0;
    this.read = tail;
    this.pendingUnit = null;
    if (!hadBegun) return;
    this.reader.skipped(tail);
    this.cutter.skipped();
  }

  /** Removes the segments of which the ring has dropped bytes, and the oldest ones if there are too many. */
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
   * Returns the position from which the ring must keep media: those of the sliding window, and of one more target
   * duration before it, for players with an older playlist.
   */
  private retainedFrom(): number {
    const { targetMs } = this.isPlayable ? this : { targetMs: 0 };
    let from = windowStart(this.segments, targetMs);
    for (let moreMs = 0; from > 0 && moreMs < targetMs; from--) {
      moreMs += this.segments[from - 1]?.durationMs ?? 0;
    }
    return this.segments[from]?.start ?? this.history.ring.tail;
  }

  /**
   * Returns the index of the first segment in the whole playlist. Once the ring drops media, the oldest segment is left
   * out if possible, because it may be dropped before it is requested.
   */
  private wholeStart(): number {
    const isFull = this.history.ring.tail > 0 && this.segments.length > 1;
    return isFull ? Math.min(1, windowStart(this.segments, this.targetMs)) : 0;
  }

  /** Returns the date with which a segment was or is published. */
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
