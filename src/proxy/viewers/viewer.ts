import type { Socket } from 'node:net';
import type { StreamUser } from '../../access';
import { monotonicMs, wallClockIso } from '../../kernel/clock';
import type { ViewHolder } from '../buffer';
import { withMovedTimes } from '../mpegts';

/** Identity of a viewer. Address and user agent are labels only, because viewers behind one router may share both. */
export interface ViewerIdentity {
  /** Random, one per request. */
  readonly id: string;
  readonly ip: string;
  readonly userAgent: string;
  /** Request path without query values, for the log. */
  readonly path: string;
  /** The user whose secret the request presented; null without one. */
  readonly user: StreamUser | null;
  /** The same for all requests of one device, as far as its address and its User-Agent tell. */
  readonly device: string;
}

/**
 * Why a viewer left. `hung_up` is the viewer's own doing and no error. `memory_limit`: of all paused viewers it had
 * paused longest when PROXY_BUFFER_TOTAL was reached. `revoked`: its user may not watch any more. `user_limit`: the
 * same device opened another stream, and the limit of its user allows no more. Only for recorded content: `finished`, all
 * requested bytes were sent; `replaced`, a newer request of the same playback took over.
 */
export const LEAVE_REASONS = [
  'hung_up',
  'stalled',
  'memory_limit',
  'too_many_jumps',
  'kicked',
  'revoked',
  'user_limit',
  'stopped',
  'stream_failed',
  'shutdown',
  'finished',
  'replaced',
] as const;
export type LeaveReason = (typeof LEAVE_REASONS)[number];

/** True if the viewer itself was sent away, while its stream may go on. A request that waits is then reset. */
export function isDismissal(reason: LeaveReason): boolean {
  return reason === 'kicked' || reason === 'revoked' || reason === 'user_limit';
}

/** The stream that a viewer watches or waits for. */
export interface WatchedStream {
  /** What is watched: the same object for every viewer of the same content. */
  readonly subject: object;
  removeViewer(viewer: Viewer, reason: LeaveReason): void;
}

/**
 * One viewer of one stream: a cursor and, once media flow, a socket.
 *
 *   waiting ──media──▶ streaming ◀──takes bytes, takes none──▶ paused      any ──▶ gone
 *
 * The fan-out moves it to `streaming` and `paused`; a hang-up, a policy or the end of the stream moves it to `gone`.
 */
export class Viewer implements ViewHolder {
  readonly joinedAt = wallClockIso();
  readonly joinedMs = monotonicMs();
  socket: Socket | null = null;
  /** The stream that counts this viewer; changes when two streams are merged. */
  stream: WatchedStream | null = null;
  /** Called once when the viewer is gone. The request that waits for the start uses it. */
  onGone: ((reason: LeaveReason) => void) | null = null;
  /** Position of the next byte to write. */
  cursor = 0;
  /** Bytes passed to the socket; all but `unsentBytes()` of them were taken by the kernel. */
  queuedBytes = 0;
  /** True while the viewer waits in the backlog queue. */
  queued = false;
  /** Backlog granted at the join, in media ms; 0 once the viewer has caught up. */
  grantedMs = 0;
  progressMs = 0;
  /** Monotonic time at which the viewer was found paused; null while it takes bytes. */
  pausedSinceMs: number | null = null;
  /** Requested distance behind live in media ms, kept by jumps; null: the default. */
  askedBehindMs: number | null = null;
  acceptedBytes = 0;
  /**
   * Ticks of 90 kHz that are added to the timestamps for this viewer. They compensate for skipped media after a jump:
   * a player whose clock stood still, as in a pause, would otherwise show a still picture for their duration.
   */
  movedTicks = 0;
  jumps = 0;
  /** True for an HLS viewer that was given its first playlist. */
  takesSegments = false;
  leaveReason: LeaveReason | null = null;
  private jumpTimesMs: number[] = [];
  /** The buffer written last. Only this one and the one before it can be unsent. */
  private written: Buffer | null = null;
  private writtenBefore: Buffer | null = null;

  constructor(readonly identity: ViewerIdentity) {}

  get id(): string {
    return this.identity.id;
  }

  get user(): StreamUser | null {
    return this.identity.user;
  }

  get ip(): string {
    return this.identity.ip;
  }

  get device(): string {
    return this.identity.device;
  }

  /** What the viewer watches; null while no stream counts it. */
  get subject(): object | null {
    return this.stream?.subject ?? null;
  }

  /** Leaves the stream that counts this viewer. Nothing happens if none does. */
  leave(reason: LeaveReason): void {
    this.stream?.removeViewer(this, reason);
  }

  get state(): 'waiting' | 'streaming' | 'paused' | 'gone' {
    if (this.leaveReason !== null) return 'gone';
    if (this.pausedSinceMs !== null) return 'paused';
    return this.isFed ? 'streaming' : 'waiting';
  }

  /** True if media flow to the viewer, on a socket or as segments. */
  get isFed(): boolean {
    return this.socket !== null || this.takesSegments;
  }

  /** Queues whole packets on the socket, which must exist. */
  write(packets: Buffer): void {
    const bytes = this.movedTicks === 0 ? packets : withMovedTimes(packets, this.movedTicks);
    this.queuedBytes += bytes.length;
    this.writtenBefore = this.written;
    this.written = bytes;
    this.socket?.write(bytes);
  }

  /** The last written buffers, oldest first. */
  get lastWritten(): readonly Buffer[] {
    return [this.writtenBefore, this.written].filter((bytes) => bytes !== null);
  }

  /**
   * True if one of the last two written buffers is a view of `memory`, unsent or not, because a jump reads both
   * again.
   */
  holds(memory: ArrayBufferLike): boolean {
    return this.written?.buffer === memory || this.writtenBefore?.buffer === memory;
  }

  /** True if the kernel has taken all written bytes; only then is more written. */
  get isDrained(): boolean {
    return this.socket !== null && this.socket.writableLength === 0;
  }

  /** Bytes written and not yet taken by the kernel. */
  unsentBytes(): number {
    return this.socket === null ? 0 : unsentBytesOf(this.socket);
  }

  /**
   * Memory that the viewer's unsent bytes keep alive beyond the ring, whose oldest byte is at `tail`. A view keeps
   * its whole chunk alive. Chunks in `counted` are skipped, because viewers who stopped at the same position hold the
   * same chunk.
   */
  pinnedBytes(tail: number, counted: Set<ArrayBufferLike>): number {
    if (this.isDrained || this.socket === null) return 0;
    // Copies with shifted timestamps are not part of the ring.
    if (this.cursor > tail && this.movedTicks === 0) return 0;
    let bytes = 0;
    for (const view of [this.written, this.writtenBefore]) {
      if (view === null) continue;
      if (!counted.has(view.buffer)) bytes += view.buffer.byteLength;
      counted.add(view.buffer);
      // The kernel has taken the older buffer unless more bytes are unsent than the newer one has.
      if (this.socket.writableLength <= view.length) break;
    }
    return bytes;
  }

  /** True if the kernel has taken bytes since the last call, or nothing is pending. */
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
 * Bytes written and not yet taken by the kernel. `writableLength` counts a buffer until its last byte is taken, but
 * libuv's queue size shows partial progress, so that a slow viewer is not mistaken for a dead one. Without that size,
 * `writableLength` is used.
 */
export function unsentBytesOf(socket: Socket): number {
  if (socket.writableLength === 0) return 0;
  const handle = (socket as { _handle?: { writeQueueSize?: unknown } | null })._handle;
  const queued = handle?.writeQueueSize;
  return typeof queued === 'number' ? queued : socket.writableLength;
}
