import type { Socket } from 'node:net';
import { monotonicMs, wallClockIso } from '../../kernel/clock';
import { withMovedTimes } from '../mpegts';

/** Who a viewer is. Address and agent are labels only: many viewers share both behind one router. */
export interface ViewerIdentity {
  /** Random, one per request. */
  readonly id: string;
  readonly ip: string;
  readonly userAgent: string;
  /** Address in the request that led here, for the log; without query values. */
  readonly path: string;
}

/**
 * Why a viewer is gone; `hung_up` is the viewer's own doing and no error. `memory_limit`: it was paused longest when
 * PROXY_BUFFER_TOTAL was reached. Of recorded content only: `finished`, it has all
 * that it asked for; `replaced`, a newer request of its own took its place.
 */
export type LeaveReason =
  | 'hung_up'
  | 'stalled'
  | 'memory_limit'
  | 'too_many_jumps'
  | 'kicked'
  | 'stopped'
  | 'stream_failed'
  | 'shutdown'
  | 'finished'
  | 'replaced';

/** Where a viewer is counted in, and how it leaves. */
export interface ViewerHost {
  removeViewer(viewer: Viewer, reason: LeaveReason): void;
}

/**
 * One viewer of one stream: a cursor and, once media flow, a socket.
 *
 *   waiting ──media──▶ streaming ◀──takes bytes, takes none──▶ paused      any ──▶ gone
 *
 * The fan-out moves it to `streaming` and to `paused`; hang-up, policy or the end of the session move it to `gone`.
 */
export class Viewer {
  readonly joinedAt = wallClockIso();
  readonly joinedMs = monotonicMs();
  socket: Socket | null = null;
  /** The session that counts this viewer in; changes when two sessions turn out to be one. */
  host: ViewerHost | null = null;
  /** Told once when the viewer is gone, for whoever holds its connection while it waits. */
  onGone: ((reason: LeaveReason) => void) | null = null;
  /** Position of the next byte to write. */
  cursor = 0;
  /** Bytes handed to the socket; what the kernel took is this less `unsentBytes()`. */
  queuedBytes = 0;
  /** Waits in the catch-up queue. */
  queued = false;
  /** Backlog granted at the join, in media ms; 0 once the viewer has caught up. */
  grantedMs = 0;
  progressMs = 0;
  /** Monotonic time at which it was found to take nothing any more; null while it does not count as paused. */
  pausedSinceMs: number | null = null;
  /** How far in the past it asked to be, media ms; null: where everybody begins. A jump keeps to it. */
  askedBehindMs: number | null = null;
  acceptedBytes = 0;
  /**
   * Ticks of 90 kHz that are added to the time stamps of the media that it gets. Not 0 once it has jumped: a player whose clock
   * stood still, as on pause, would show a still picture for as long as the time stamps leap.
   */
  movedTicks = 0;
  jumps = 0;
  /** Fetches segments, each with a request of its own, and has been given the first playlist. */
  takesSegments = false;
  leaveReason: LeaveReason | null = null;
  private jumpTimesMs: number[] = [];
  /** What was written last, and before that: all that can be unsent. */
  private written: Buffer | null = null;
  private writtenBefore: Buffer | null = null;

  constructor(readonly identity: ViewerIdentity) {}

  get id(): string {
    return this.identity.id;
  }

  get state(): 'waiting' | 'streaming' | 'paused' | 'gone' {
    if (this.leaveReason !== null) return 'gone';
    if (this.pausedSinceMs !== null) return 'paused';
    return this.isFed ? 'streaming' : 'waiting';
  }

  /** Media flow to it, on one socket or as segments. */
  get isFed(): boolean {
    return this.socket !== null || this.takesSegments;
  }

  /** Queues whole packets on the socket. The caller has made sure that a socket is there. */
  write(packets: Buffer): void {
    const bytes = this.movedTicks === 0 ? packets : withMovedTimes(packets, this.movedTicks);
    this.queuedBytes += bytes.length;
    this.writtenBefore = this.written;
    this.written = bytes;
    this.socket?.write(bytes);
  }

  /** What was written last, oldest first. */
  get lastWritten(): readonly Buffer[] {
    return [this.writtenBefore, this.written].filter((bytes) => bytes !== null);
  }

  /** True when the kernel has taken all that was written: only then is more written. */
  get isDrained(): boolean {
    return this.socket !== null && this.socket.writableLength === 0;
  }

  /** Bytes written and not yet taken by the kernel. */
  unsentBytes(): number {
    return this.socket === null ? 0 : unsentBytesOf(this.socket);
  }

  /**
   * Memory that its unsent bytes keep alive beyond the ring, whose oldest byte is at `tail`: a view holds its whole
   * chunk. What is in `counted` already is left out, because viewers who stopped at one place hold the same chunk.
   */
  pinnedBytes(tail: number, counted: Set<ArrayBufferLike>): number {
    if (this.isDrained || this.socket === null) return 0;
    // Copies with other times are never the ring's.
    if (this.cursor > tail && this.movedTicks === 0) return 0;
    let bytes = 0;
    for (const view of [this.written, this.writtenBefore]) {
      if (view === null || counted.has(view.buffer)) continue;
      counted.add(view.buffer);
      bytes += view.buffer.byteLength;
      // What was written before is with the kernel unless more than this is unsent.
      if (this.socket.writableLength <= view.length) break;
    }
    return bytes;
  }

  /** True when the kernel has taken bytes since the last look, or nothing is pending. */
  noteProgress(nowMs: number): boolean {
    const unsent = this.unsentBytes();
    const accepted = this.queuedBytes - unsent;
    const hasProgressed = unsent === 0 || accepted !== this.acceptedBytes;
    if (hasProgressed) this.progressMs = nowMs;
    this.acceptedBytes = accepted;
    return hasProgressed;
  }

  noteJump(nowMs: number): void {
    this.jumps++;
    this.jumpTimesMs = this.jumpTimesMs.filter((at) => nowMs - at < 60_000);
    this.jumpTimesMs.push(nowMs);
  }

  recentJumps(nowMs: number): number {
    let count = 0;
    for (const at of this.jumpTimesMs) if (nowMs - at < 60_000) count++;
    return count;
  }
}

/**
 * Bytes written and not yet taken by the kernel. `writableLength` counts a buffer as pending until its
 * last byte is taken; libuv's queue size tells partial progress, so that a slow viewer is not mistaken
 * for a dead one. Where the handle does not offer it, the coarser figure serves.
 */
export function unsentBytesOf(socket: Socket): number {
  if (socket.writableLength === 0) return 0;
  const handle = (socket as { _handle?: { writeQueueSize?: unknown } | null })._handle;
  const queued = handle?.writeQueueSize;
  return typeof queued === 'number' ? queued : socket.writableLength;
}
