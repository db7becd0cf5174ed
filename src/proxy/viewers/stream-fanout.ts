import type { Socket } from 'node:net';
import type { JoinPoint } from '../buffer';
import { nullPackets, TS_PACKET } from '../mpegts';
import type { StreamHistory } from '../upstream/stream-history';
import { batchFor } from './batch-policy';
import type { BacklogScheduler, CatchUpSource } from './backlog-scheduler';
import { effectiveMaxLagMs, judgeLag, judgeProgress, jumpBehindMs } from './lag-policy';
import type { LeaveReason, Viewer } from './viewer';

export interface FanoutSettings {
  readonly joinBehindMs: number;
  readonly maxLagMs: number;
  readonly stallTimeoutMs: number;
}

export interface FanoutOwner {
  /** The policy has given up on a viewer; the owner removes it. */
  cutViewer(viewer: Viewer, reason: LeaveReason): void;
  /** A viewer takes nothing any more, or takes bytes again. */
  viewerPaused(viewer: Viewer, isPaused: boolean): void;
  /** Something threw outside any caller's sight: a timer, a catch-up turn. */
  fault(error: unknown): void;
  /** A viewer was moved forward past `skippedBytes`. */
  viewerJumped(viewer: Viewer, skippedBytes: number, lagMs: number): void;
}

/** Seven packets, one usual UDP datagram's worth: enough to keep a player's read alive. */
const KEEPALIVE = nullPackets(7);

/**
 * Writes one stream to its viewers: one `write` of one shared view per viewer and batch. Viewers that are not
 * exactly at the head are left to the catch-up scheduler. A viewer is written to only after the kernel has
 * taken everything before, so that at most one batch per viewer outlives the ring.
 */
export class StreamFanout implements CatchUpSource {
  private readonly streaming: Viewer[] = [];
  private timer: NodeJS.Timeout | null = null;
  private isBursting = false;

  constructor(
    private readonly history: StreamHistory,
    private readonly catchUp: BacklogScheduler,
    private readonly settings: FanoutSettings,
    private readonly owner: FanoutOwner,
  ) {}

  /** Bytes queued on sockets that the kernel has not taken: memory that the ring no longer bounds. */
  get pinnedBytes(): number {
    let bytes = 0;
    for (const viewer of this.streaming) bytes += viewer.socket?.writableLength ?? 0;
    return bytes;
  }

  /** Memory that viewers keep alive beyond the ring, without what is in `counted`. */
  pinnedMemory(counted: Set<ArrayBufferLike>): number {
    const { tail } = this.history.ring;
    let bytes = 0;
    for (const viewer of this.streaming) bytes += viewer.pinnedBytes(tail, counted);
    return bytes;
  }

  /** Starts feeding a viewer whose response head has been sent. */
  attach(viewer: Viewer, socket: Socket, point: JoinPoint, nowMs: number): void {
    viewer.socket = socket;
    viewer.cursor = point.position;
    viewer.progressMs = nowMs;
    viewer.grantedMs = this.history.mediaMsBehind(point.position) ?? 0;
    this.streaming.push(viewer);
    this.catchUp.attached++;
    socket.on('drain', () => this.enqueueIfBehind(viewer));
    this.catchUp.enqueue(this, viewer);
    viewer.write(point.preface);
  }

  detach(viewer: Viewer): void {
    const at = this.streaming.indexOf(viewer);
    if (at < 0) return;
    this.catchUp.attached--;
    const last = this.streaming.pop();
    if (last !== undefined && last !== viewer) this.streaming[at] = last;
  }

  /** Call after bytes were appended to the ring. */
  appended(): void {
    const batch = batchFor(this.catchUp.attached);
    if (this.history.ring.pendingBytes >= batch.bytes) this.flush();
    else this.timer ??= setTimeout(this.flushInTime, batch.delayMs);
  }

  /** Makes what was appended visible and writes it to every viewer at the head. */
  readonly flush = (): void => {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    const ring = this.history.ring;
    const from = ring.commit();
    const to = ring.head;
    if (from === to) return;
    const first = ring.view(from);
    if (first === null) return;
    const second = from + first.length < to ? ring.view(from + first.length) : null;
    const reached = from + first.length + (second?.length ?? 0);
    for (let i = 0; i < this.streaming.length; i++) {
      const viewer = this.streaming[i];
      if (viewer === undefined) continue;
      if (viewer.cursor === from) {
        if (!viewer.isDrained) continue;
        viewer.write(first);
        if (second !== null) viewer.write(second);
        viewer.cursor = reached;
        viewer.grantedMs = 0;
      } else if (!viewer.queued && viewer.isDrained) {
        this.catchUp.enqueue(this, viewer);
      }
    }
  };

  private readonly flushInTime = (): void => {
    try {
      this.flush();
    } catch (error) {
      this.owner.fault(error);
    }
  };

  fault(error: unknown): void {
    this.owner.fault(error);
  }

  /**
   * No viewer counts as lagging while a source's start burst arrives. The distance to the head when the burst
   * ends was granted to the viewer, so it is not lag either.
   */
  setBursting(isBursting: boolean): void {
    if (this.isBursting && !isBursting) {
      for (const viewer of this.streaming) {
        const behindMs = this.history.mediaMsBehind(viewer.cursor) ?? 0;
        if (viewer.cursor < this.history.ring.head) {
          viewer.grantedMs = Math.max(viewer.grantedMs, behindMs);
        }
      }
    }
    this.isBursting = isBursting;
  }

  serve(viewer: Viewer, maxBytes: number): boolean {
    const ring = this.history.ring;
    // It has taken what was pending: its stream is watched again before anybody takes its slot.
    if (viewer.isDrained) this.setPaused(viewer, null);
    // Here too: one who is slow all the time is drained right before it is served, and hardly ever at a sweep.
    this.judge(viewer, this.maxLagMs, this.history.nowMs());
    if (viewer.leaveReason !== null || viewer.cursor < ring.tail) return false;
    let sent = 0;
    // Less than a packet left over would cost a write of its own.
    while (viewer.isDrained && maxBytes - sent >= TS_PACKET) {
      const piece = ring.view(viewer.cursor, maxBytes - sent);
      if (piece === null) {
        viewer.grantedMs = 0;
        return false;
      }
      viewer.cursor += piece.length;
      viewer.write(piece);
      sent += piece.length;
    }
    return viewer.isDrained && viewer.cursor < ring.head;
  }

  /**
   * Looks after the slow. `ownLoopLate`: our own event loop was late in this window, so nobody is judged
   * by what he did not take.
   */
  sweep(nowMs: number, ownLoopLate: boolean): void {
    const { maxLagMs } = this;
    for (const viewer of [...this.streaming]) {
      const hasProgressed = viewer.noteProgress(nowMs);
      if (ownLoopLate) viewer.progressMs = nowMs;
      const sinceProgressMs = nowMs - viewer.progressMs;
      const unsentBytes = viewer.unsentBytes();
      const progress = judgeProgress(
        { unsentBytes, sinceProgressMs },
        this.settings.stallTimeoutMs,
      );
      if (progress === 'stalled') {
        this.owner.cutViewer(viewer, 'stalled');
        continue;
      }
      if (progress === 'paused') this.setPaused(viewer, nowMs);
      else if (hasProgressed) this.setPaused(viewer, null);
      this.judge(viewer, maxLagMs, nowMs);
      this.enqueueIfBehind(viewer);
    }
  }

  /** Sends null packets to viewers that have everything, while the stream has nothing new. */
  keepAlive(): void {
    for (const viewer of this.streaming) {
      const hasMedia = viewer.queuedBytes > 0 && viewer.cursor === this.history.ring.head;
      if (hasMedia && viewer.isDrained) viewer.write(KEEPALIVE);
    }
  }

  close(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.catchUp.attached -= this.streaming.length;
    this.streaming.length = 0;
  }

  private setPaused(viewer: Viewer, sinceMs: number | null): void {
    const isPaused = sinceMs !== null;
    if (isPaused === (viewer.pausedSinceMs !== null)) return;
    viewer.pausedSinceMs = sinceMs;
    this.owner.viewerPaused(viewer, isPaused);
  }

  private enqueueIfBehind(viewer: Viewer): void {
    if (viewer.leaveReason !== null || !viewer.isDrained) return;
    if (viewer.cursor < this.history.ring.head) this.catchUp.enqueue(this, viewer);
  }

  /** Lag in media ms from which a viewer is moved forward, as things stand. */
  get maxLagMs(): number {
    return effectiveMaxLagMs(this.settings.maxLagMs, this.history.capacityMs);
  }

  private judge(viewer: Viewer, maxLagMs: number, nowMs: number): void {
    if (viewer.cursor >= this.history.ring.head) return;
    const verdict = judgeLag(
      {
        behindMs: this.history.mediaMsBehind(viewer.cursor),
        grantedMs: viewer.grantedMs,
        overtaken: viewer.cursor < this.history.ring.tail,
        recentJumps: viewer.recentJumps(nowMs),
      },
      this.isBursting ? Infinity : maxLagMs,
    );
    switch (verdict) {
      case 'keep':
        return;
      case 'cut':
        this.owner.cutViewer(viewer, 'too_many_jumps');
        return;
      case 'jump':
        // A jump begins with a write, and while bytes are pending nothing more is written.
        if (viewer.isDrained) this.jump(viewer, nowMs);
    }
  }

  /** Moves a viewer to a random access point nearer to the head, if there is one. */
  private jump(viewer: Viewer, nowMs: number): void {
    // Who watches the past goes on in the past, but not where the ring's end would overtake it again.
    const behindMs = jumpBehindMs(
      viewer.askedBehindMs ?? this.settings.joinBehindMs,
      this.history.capacityMs,
    );
    const point = this.history.laterJoinPoint(behindMs);
    if (point === null || point.position <= viewer.cursor) return;
    const lagMs = this.history.mediaMsBehind(viewer.cursor) ?? 0;
    const skippedBytes = point.position - viewer.cursor;
    viewer.movedTicks = this.history.ticksToFollow(
      viewer.cursor,
      viewer.movedTicks,
      viewer.lastWritten,
      point,
    );
    viewer.cursor = point.position;
    viewer.grantedMs = this.history.mediaMsBehind(point.position) ?? 0;
    viewer.noteJump(nowMs);
    viewer.write(this.history.discontinuityPreface(point));
    this.owner.viewerJumped(viewer, skippedBytes, lagMs);
  }
}
