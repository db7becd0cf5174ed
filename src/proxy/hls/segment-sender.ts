import type { ServerResponse } from 'node:http';
import { SpreadTimes, TS_PACKET } from '../mpegts';
import type { RingBuffer, ViewHolder } from '../buffer';
import { classifyProgress, PAUSED_AFTER_MS, unsentBytesOf, type Viewer } from '../viewers';
import type { Segment } from './segment';

/**
 * Players whose clock continues while they wait for media. They skip a gap of more than 1 s, but all later media are
 * then late by the length of the gap. For them, gaps are filled. Other players would show a filled gap as a still
 * picture.
 */
const RUNNING_CLOCK_PLAYERS = /kodi/i;

/**
 * Sends one segment: its tables, then views of the ring. A view is written only after the kernel has taken the previous
 * one, so that a slow player keeps only one view in memory. Other work can run between two views. If the ring has
 * dropped a part of the segment meanwhile, the connection is reset, because the length was already sent.
 */
export class SegmentSender implements ViewHolder {
  private position: number;
  /** The view written last; null once the kernel has taken the whole segment. */
  private piece: Buffer | null = null;
  /** Fills the gap before the segment; null if there is none, or if the player's clock stops while it waits. */
  private readonly gapFiller: SpreadTimes | null;
  /** Monotonic time at which the player last took bytes or had taken all. */
  private progressMs: number;
  private acceptedBytes = 0;
  private queuedBytes = 0;
  private immediate: NodeJS.Immediate | null = null;
  private isOver = false;

  constructor(
    private readonly response: ServerResponse,
    private readonly ring: RingBuffer,
    private readonly segment: Segment,
    private readonly viewer: Viewer,
    nowMs: number,
    private readonly onOver: (sender: SegmentSender) => void,
  ) {
    this.position = segment.start;
    const { userAgent } = viewer.identity;
    const isFilled = segment.gapTicks > 0 && RUNNING_CLOCK_PLAYERS.test(userAgent);
    this.gapFiller = isFilled ? new SpreadTimes(segment.gapTicks) : null;
    this.progressMs = nowMs;
    response.once('close', () => this.finish());
    ring.addHolder(this);
  }

  /** Bytes queued on the socket that the kernel has not taken. */
  get pinnedBytes(): number {
    return this.response.socket?.writableLength ?? 0;
  }

  holds(memory: ArrayBufferLike): boolean {
    return this.piece?.buffer === memory;
  }

  /**
   * Starts sending. Call after the response head was written; it is then sent together with the tables and the first
   * view.
   */
  start(): void {
    const { preface } = this.segment;
    this.count(preface);
    this.response.write(preface);
    this.next();
  }

  /**
   * Aborts if the player takes no bytes for too long, not counting time in which our own event loop was late. The limit
   * is shorter than for a viewer with a single connection, because an HLS player requests this segment again, or a
   * newer one.
   */
  check(nowMs: number, ownLoopLate: boolean, stallTimeoutMs: number): void {
    const { socket } = this.response;
    const unsentBytes = socket === null ? 0 : unsentBytesOf(socket);
    const accepted = this.queuedBytes - unsentBytes;
    if (ownLoopLate || unsentBytes === 0 || accepted !== this.acceptedBytes) {
      this.progressMs = nowMs;
    }
    this.acceptedBytes = accepted;
    const sinceProgressMs = nowMs - this.progressMs;
    const longestMs = Math.min(stallTimeoutMs, PAUSED_AFTER_MS);
    if (classifyProgress({ unsentBytes, sinceProgressMs }, longestMs) === 'stalled') this.abort();
  }

  /** Resets the connection. */
  abort(): void {
    const { socket } = this.response;
    this.finish();
    socket?.resetAndDestroy();
  }

  private readonly pieceSent = (error?: Error | null): void => {
    if (error == null && !this.isOver) this.immediate = setImmediate(this.next);
  };

  private readonly next = (): void => {
    this.immediate = null;
    const { segment, position, response } = this;
    const left = segment.end - position;
    const view = position < this.ring.tail ? null : this.ring.view(position, left);
    if (view === null || view.length < TS_PACKET) {
      this.abort();
      return;
    }
    const piece = this.gapFiller === null ? view : this.gapFiller.apply(view);
    this.piece = piece;
    this.position += piece.length;
    this.count(piece);
    if (piece.length < left) {
      response.write(piece, this.pieceSent);
      return;
    }
    response.end(piece, this.segmentSent);
  };

  private readonly segmentSent = (): void => {
    this.piece = null;
    this.viewer.cursor = Math.max(this.viewer.cursor, this.segment.end);
  };

  private count(piece: Buffer): void {
    this.queuedBytes += piece.length;
    this.viewer.queuedBytes += piece.length;
  }

  private finish(): void {
    if (this.isOver) return;
    this.isOver = true;
    if (this.immediate !== null) clearImmediate(this.immediate);
    this.ring.removeHolder(this);
    this.onOver(this);
  }
}
