import type { ServerResponse } from 'node:http';
import { SpreadTimes, TS_PACKET } from '../mpegts';
import type { RingBuffer } from '../buffer';
import { judgeProgress, PAUSED_AFTER_MS, unsentBytesOf, type Viewer } from '../viewers';
import type { Segment } from './segment';

/**
 * Players whose clock continues while they wait, although they remove gaps of more than a second: all later media are late for
 * them by the length of the gap. They get filled gaps. Other players would show a filled gap as a still picture.
 */
const NEVER_WAITS = /kodi/i;

/**
 * Sends one segment: the tables ahead of it, then views of the ring, one at a time and each only after the kernel
 * has taken the one before, so that a slow player pins one piece. Between two pieces others have their turn.
 * What has left the ring meanwhile can not be sent any more: the connection is reset, because the length was told.
 */
export class SegmentSender {
  private position: number;
  /** Fills the gap before the segment; null when there is none, or the player waits for the next segment. */
  private readonly times: SpreadTimes | null;
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
    const isFilled = segment.holeTicks > 0 && NEVER_WAITS.test(userAgent);
    this.times = isFilled ? new SpreadTimes(segment.holeTicks) : null;
    this.progressMs = nowMs;
    response.once('close', () => this.finish());
  }

  /** Bytes queued on the socket that the kernel has not taken. */
  get pinnedBytes(): number {
    return this.response.socket?.writableLength ?? 0;
  }

  /** The head must have been written: it, the tables and the first piece go out together. */
  start(): void {
    const { preface } = this.segment;
    this.count(preface);
    this.response.write(preface);
    this.next();
  }

  /**
   * Cuts a player who takes nothing, unless our own loop was late. It asks again for the segment, or for a newer one,
   * so nothing is kept for it as long as for a viewer whose only connection this is.
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
    if (judgeProgress({ unsentBytes, sinceProgressMs }, longestMs) === 'stalled') this.abort();
  }

  abort(): void {
    const { socket } = this.response;
    this.finish();
    socket?.resetAndDestroy();
  }

  private readonly taken = (error?: Error | null): void => {
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
    const piece = this.times === null ? view : this.times.apply(view);
    this.position += piece.length;
    this.count(piece);
    if (piece.length < left) {
      response.write(piece, this.taken);
      return;
    }
    response.end(piece, this.sent);
  };

  private readonly sent = (): void => {
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
    this.onOver(this);
  }
}
