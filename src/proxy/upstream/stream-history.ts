import { monotonicMs } from '../../kernel/clock';
import {
  joinPointBehind,
  JoinPoints,
  RingBuffer,
  type FilledSink,
  type JoinPoint,
  type RingLimits,
} from '../buffer';
import {
  stepBetween,
  ticksToFollow,
  TIMESTAMP_WRAP,
  TransportScanner,
  type PacketRewriter,
} from '../mpegts';
import { flaggedPreface } from './flagged-preface';

/** In any sane multiplex, each PID has a packet within this many bytes after a random access point. */
const CONTINUITY_SEARCH_BYTES = 2 * 1024 * 1024;

/** Each stream of a usual programme begins a PES packet within this many bytes. */
const UNIT_SEARCH_BYTES = 512 * 1024;

const NO_PLACES = new JoinPoints();

/** The history of one stream: its bytes, join points and media times. Written by the ingest, read by the fan-out. */
export class StreamHistory {
  readonly ring: RingBuffer;
  /** Random access points. */
  readonly points = new JoinPoints();
  /** Other join points, a few per second. */
  private readonly plainPoints = new JoinPoints();
  readonly scanner = new TransportScanner();
  /** Called after bytes were appended. The code that sets this callback must also clear it. */
  onAppended: (() => void) | null = null;
  /** Bytes of segment metadata for playlists; it lives as long as the media do. */
  playlistBytes = 0;
  /** True if viewers may also begin at a plain join point. */
  private isPlainAllowed = false;
  private lastBitrateBps: number | null = null;
  private rewriter: PacketRewriter | null = null;
  private rewriteMs = 0;

  constructor(private readonly limits: RingLimits) {
    this.ring = new RingBuffer(limits);
  }

  nowMs(): number {
    return monotonicMs();
  }

  readonly mediaTimeAt = (position: number): number | null =>
    this.scanner.clock.mediaTimeAt(position);

  /** Media milliseconds from `position` to the head; null while the stream has no clock. */
  mediaMsBehind(position: number): number | null {
    const head = this.mediaTimeAt(this.ring.head);
    const there = this.mediaTimeAt(position);
    return head === null || there === null ? null : Math.max(0, head - there);
  }

  get bitrateBps(): number | null {
    const { bitrateBps } = this.scanner.clock;
    this.lastBitrateBps = bitrateBps ?? this.lastBitrateBps;
    return bitrateBps;
  }

  /** Last known bit rate. The clock restarts at every discontinuity, but the content stays the same. */
  get knownBitrateBps(): number | null {
    return this.bitrateBps ?? this.lastBitrateBps;
  }

  /**
   * Media in ms that the ring can hold at the current bit rate. The current fill does not matter, because a ring that
   * is still filling drops nothing.
   */
  get capacityMs(): number {
    const { bitrateBps } = this;
    const bySizeMs = bitrateBps === null ? Infinity : (this.ring.capacityBytes * 8000) / bitrateBps;
    return Math.min(this.limits.maxAgeMs, bySizeMs);
  }

  /** Bytes of the media and of all data that lives as long as they do. */
  get heldBytes(): number {
    return this.ring.allocatedBytes + this.bytesBesideRing;
  }

  /** Copies and indexes whole packets, rewritten to match the previous source where necessary. */
  append(
    data: Buffer,
    start: number,
    end: number,
    nowMs: number,
    rewriter: PacketRewriter | null = null,
  ): void {
    if (rewriter === null) {
      const position = this.ring.append(data, start, end, nowMs);
      this.scanner.scan(data, start, end, position, nowMs);
    } else {
      this.rewriter = rewriter;
      this.rewriteMs = nowMs;
      this.ring.append(data, start, end, nowMs, this.rewrite);
    }
    for (const point of this.scanner.takeRandomAccessPoints()) this.points.add(point);
    for (const point of this.scanner.takePlainPoints()) this.plainPoints.add(point);
    if (this.points.count > 0) this.isPlainAllowed = true;
    if (this.heldBytes > this.ring.maxBytes) this.trim(nowMs);
    this.onAppended?.();
  }

  private readonly rewrite: FilledSink = (buf, start, end, position) => {
    this.rewriter?.rewrite(buf, start, end);
    this.scanner.scan(buf, start, end, position, this.rewriteMs);
  };

  trim(nowMs: number): void {
    const tail = this.ring.trim(nowMs, this.bytesBesideRing);
    this.points.dropBefore(tail);
    this.plainPoints.dropBefore(tail);
    this.scanner.clock.dropBefore(tail);
  }

  /**
   * Lets viewers join at plain join points although no random access point was found. Returns true if there are any.
   */
  allowPlainJoin(): boolean {
    this.isPlainAllowed = this.plainPoints.count > 0;
    return this.isPlainAllowed;
  }

  /** Join point for viewers who waited for the start: the oldest one. Null while nobody can join. */
  firstJoinPoint(): JoinPoint | null {
    return this.points.oldest() ?? this.allowedPlaces().oldest();
  }

  /** Join point for viewers of a running stream and for jumps, about `behindMs` of media behind live. */
  laterJoinPoint(behindMs: number): JoinPoint | null {
    const places = { randomAccess: this.points, plain: this.allowedPlaces() };
    return joinPointBehind(places, behindMs, this.ring.head, this.mediaTimeAt);
  }

  /**
   * Packets sent before `point` when a viewer jumps there: PAT, PMT, and for each PID a packet that flags the
   * discontinuity.
   */
  discontinuityPreface(point: JoinPoint): Buffer {
    const programme = this.scanner.programme;
    if (programme === null) return point.preface;
    const parameters = point.parameterPackets();
    const runs: Buffer[] = [...parameters];
    let at = point.position;
    while (at < point.position + CONTINUITY_SEARCH_BYTES) {
      const run = this.ring.view(at);
      if (run === null) break;
      runs.push(run);
      at += run.length;
    }
    return Buffer.concat([flaggedPreface(point.tables, runs, programme), ...parameters]);
  }

  /**
   * Ticks of 90 kHz to add to the timestamps for a viewer that received everything up to `cursor` and continues at
   * `point`.
   *
   * @param moved ticks added so far
   * @param written the media written last, with the ticks added; the ring may have dropped them
   * @returns `moved` if no better value can be computed
   */
  ticksToFollow(
    cursor: number,
    moved: number,
    written: readonly Buffer[],
    point: JoinPoint,
  ): number {
    const { programme } = this.scanner;
    if (programme === null) return moved;
    const further = ticksToFollow(
      this.runsBefore(cursor),
      this.runsFrom(point.position),
      programme,
    );
    if (further !== null) return (moved + further) % TIMESTAMP_WRAP;
    return ticksToFollow(written, this.runsFrom(point.position), programme) ?? moved;
  }

  /** Time from the last PES packet before `position` to the first one after it, in ticks of 90 kHz; null if unknown. */
  stepAt(position: number): number | null {
    const { programme } = this.scanner;
    if (programme === null) return null;
    return stepBetween(this.runsBefore(position), this.runsFrom(position), programme);
  }

  private runsBefore(position: number): Iterable<Buffer> {
    const from = Math.max(this.ring.tail, position - UNIT_SEARCH_BYTES);
    return this.runsFrom(from, Math.max(0, position - from));
  }

  /** Visible bytes from `position` on, about `maxBytes` at most. */
  *runsFrom(position: number, maxBytes = CONTINUITY_SEARCH_BYTES): Generator<Buffer> {
    let at = position;
    while (at < position + maxBytes) {
      const run = this.ring.view(at, position + maxBytes - at);
      if (run === null) return;
      yield run;
      at += run.length;
    }
  }

  private get bytesBesideRing(): number {
    const { points, plainPoints, scanner, playlistBytes } = this;
    return points.bytes + plainPoints.bytes + scanner.clock.bytes + playlistBytes;
  }

  private allowedPlaces(): JoinPoints {
    return this.isPlainAllowed ? this.plainPoints : NO_PLACES;
  }
}
