import { Settleable } from '../../kernel/settleable';
import type { StreamHistory } from '../upstream';
import type { MediaUnit } from './media-unit';
import { renderPlaylist, windowStart } from './playlist';
import type { Segment } from './segment';
import { SegmentCutter } from './segment-cutter';
import { UnitReader } from './unit-reader';

/** About what the objects of a segment take in memory, the bytes of its tables aside. */
const SEGMENT_BYTES = 600;
/** Above this a step of time is a break, whatever the target duration. */
const MAX_STEP_MS = 10_000;

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
 * The segments of one stream: a view of its ring that copies no media (rules 25–27). It costs nothing until
 * somebody asks; then what the ring holds is read through once, and what comes as it comes.
 */
export class SegmentTrack {
  private segments: Segment[] = [];
  private readonly cutter: SegmentCutter;
  private readonly reader: UnitReader;
  /** Position up to which packets were read. */
  private read = 0;
  /** Not decided yet: whether it is a random access point is known when the next one has begun. */
  private undecided: MediaUnit | null = null;
  /** Wall clock of segments as it was told; one that was told without a date stays without. */
  private readonly dates = new Map<number, number | null>();
  private waiting = new Settleable<void>();
  /** The sliding window and all that there is, as they were told last; null once the segments are others. */
  private window: Rendered | null = null;
  private whole: Rendered | null = null;
  private isListening = false;

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
    return this.segments.length > 0;
  }

  /** Resolves when there is something to list. The track has to listen meanwhile. */
  whenPlayable(): Promise<void> {
    return this.isPlayable ? Promise.resolve() : this.waiting.promise;
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
    this.history.onAppended = null;
    this.history.ring.owe(Infinity);
  }

  /** Reads what has come since the last time. */
  advance(): void {
    const { ring, scanner } = this.history;
    if (this.read < ring.tail) this.skip(ring.tail);
    const { programme } = scanner;
    if (programme === null) {
      this.read = ring.head;
      return;
    }
    for (let run = ring.view(this.read); run !== null; run = ring.view(this.read)) {
      const arrivedMs = ring.arrivedBy(this.read) ?? this.history.nowMs();
      this.reader.read(run, this.read, programme, arrivedMs, this.take);
      this.read += run.length;
    }
    this.forget(ring.tail);
    if (this.isListening) ring.owe(this.owedFrom());
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

  private readonly take = (unit: MediaUnit): void => {
    const decided = this.undecided;
    this.undecided = unit;
    if (decided === null) return;
    const { points, scanner } = this.history;
    const point = points.at(decided.position)?.preface ?? null;
    // The oldest media may be older than the oldest tables that are still there.
    const closed = this.cutter.push(decided, point, decided.tables ?? scanner.psiPreface());
    if (closed === null) return;
    this.segments.push(closed);
    this.changed();
    if (this.segments.length > 1) return;
    this.waiting.resolve();
  };

  private changed(): void {
    this.window = null;
    this.whole = null;
    let bytes = 0;
    for (const { preface } of this.segments) bytes += SEGMENT_BYTES + preface.length;
    this.history.charge(this, bytes);
  }

  private skip(tail: number): void {
    const hadBegun = this.read > 0;
    this.read = tail;
    this.undecided = null;
    if (!hadBegun) return;
    this.reader.skipped();
    this.cutter.skipped();
  }

  private forget(tail: number): void {
    let gone = 0;
    for (let first = this.segments[0]; first !== undefined; first = this.segments[gone]) {
      if (first.start >= tail) break;
      this.dates.delete(first.number);
      gone++;
    }
    if (gone === 0) return;
    this.segments.splice(0, gone);
    this.changed();
    if (this.segments.length === 0) this.waiting = new Settleable<void>();
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
