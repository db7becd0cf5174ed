import type { Socket } from 'node:net';
import type { JoinPoint } from '../buffer';
import { nullPackets, TS_PACKET } from '../mpegts';
import type { StreamHistory } from '../upstream';
import { batchFor } from './batch-policy';
import type { BacklogScheduler, BacklogFeed } from './backlog-scheduler';
import { effectiveMaxLagMs, classifyLag, classifyProgress, jumpBehindMs } from './lag-policy';
import type { LeaveReason, Viewer } from './viewer';

export interface FanoutSettings {
  readonly joinBehindMs: number;
  readonly maxLagMs: number;
  readonly stallTimeoutMs: number;
}

export interface FanoutListener {
  /** The viewer must be removed for this reason. */
  cutViewer(viewer: Viewer, reason: LeaveReason): void;
  /** A viewer stopped taking bytes, or takes bytes again. */
  viewerPaused(viewer: Viewer, isPaused: boolean): void;
  /** An error that has no caller to throw to, because it happened in a timer or in a backlog turn. */
  fault(error: unknown): void;
  /** A viewer was moved forward past `skippedBytes`. */
  viewerJumped(viewer: Viewer, skippedBytes: number, lagMs: number): void;
}

/** Seven packets, the usual content of a UDP datagram: enough to keep a player's read alive. */
const KEEPALIVE = nullPackets(7);

/**
 * Writes one stream to its viewers: per batch and viewer one `write` of a shared view, or two if the batch straddles
 * two chunks of the ring. Viewers that are not exactly at the head are left to the backlog scheduler. A viewer is
 * written to only after the kernel has taken all earlier bytes, so at most one batch per viewer outlives the ring.
 */
export class StreamFanout implements BacklogFeed {
  private readonly streaming: Viewer[] = [];
  private timer: NodeJS.Timeout | null = null;
  private isBursting = false;

  constructor(
    private readonly history: StreamHistory,
    private readonly scheduler: BacklogScheduler,
    private readonly settings: FanoutSettings,
    private readonly listener: FanoutListener,
  ) {}

  /** Bytes queued on sockets that the kernel has not taken. The ring does not limit their memory. */
  get unsentBytes(): number {
    let bytes = 0;
    for (const viewer of this.streaming) bytes += viewer.socket?.writableLength ?? 0;
    return bytes;
  }

  /** Memory that viewers keep alive beyond the ring, except the buffers in `counted`. */
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
    this.history.ring.addHolder(viewer);
    this.scheduler.viewersOfAllStreams++;
    socket.on('drain', () => this.enqueueIfBehind(viewer));
    this.scheduler.enqueue(this, viewer);
    viewer.write(point.preface);
  }

  detach(viewer: Viewer): void {
    const at = this.streaming.indexOf(viewer);
    if (at < 0) return;
    this.history.ring.removeHolder(viewer);
    this.scheduler.viewersOfAllStreams--;
    const last = this.streaming.pop();
    if (last !== undefined && last !== viewer) this.streaming[at] = last;
  }

  /** Call after bytes were appended to the ring. */
  appended(): void {
    const batch = batchFor(this.scheduler.viewersOfAllStreams);
    if (this.history.ring.pendingBytes >= batch.bytes) this.flush();
    else this.timer ??= setTimeout(this.flushInTime, batch.delayMs);
  }

  /** Makes appended bytes visible and writes them to every viewer at the head. */
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
        this.scheduler.enqueue(this, viewer);
      }
    }
  };

  private readonly flushInTime = (): void => {
    try {
      this.flush();
    } catch (error) {
      this.listener.fault(error);
    }
  };

  fault(error: unknown): void {
    this.listener.fault(error);
  }

  /**
   * Sets whether the start burst of a source is arriving. During it no viewer counts as lagging. The distance to the
   * head at its end is granted to each viewer, so it never counts as lag.
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
    // The viewer has taken all pending bytes, so it counts as watching again before the slot of its stream can be
    // reclaimed.
    if (viewer.isDrained) this.setPaused(viewer, null);
    // Check the lag here too. A permanently slow viewer is drained only right before it is served, so `sweep` would
    // hardly ever see it drained.
    this.judge(viewer, this.maxLagMs, this.history.nowMs());
    if (viewer.leaveReason !== null || viewer.cursor < ring.tail) return false;
    let sent = 0;
    // Do not spend a write on less than one packet.
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
   * Checks all viewers for progress and lag. If our own event loop was late in this period (`ownLoopLate`), viewers
   * are not blamed for missing progress.
   */
  sweep(nowMs: number, ownLoopLate: boolean): void {
    const { maxLagMs } = this;
    for (const viewer of [...this.streaming]) {
      const hasProgressed = viewer.noteProgress(nowMs);
      if (ownLoopLate) viewer.progressMs = nowMs;
      const sinceProgressMs = nowMs - viewer.progressMs;
      const unsentBytes = viewer.unsentBytes();
      const progress = classifyProgress(
        { unsentBytes, sinceProgressMs },
        this.settings.stallTimeoutMs,
      );
      if (progress === 'stalled') {
        this.listener.cutViewer(viewer, 'stalled');
        continue;
      }
      if (progress === 'paused') this.setPaused(viewer, nowMs);
      else if (hasProgressed) this.setPaused(viewer, null);
      this.judge(viewer, maxLagMs, nowMs);
      this.enqueueIfBehind(viewer);
    }
  }

  /** Sends null packets to viewers that have received everything while the stream has no new media. */
  keepAlive(): void {
    for (const viewer of this.streaming) {
      const hasMedia = viewer.queuedBytes > 0 && viewer.cursor === this.history.ring.head;
      if (hasMedia && viewer.isDrained) viewer.write(KEEPALIVE);
    }
  }

  close(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    for (const viewer of this.streaming) this.history.ring.removeHolder(viewer);
    this.scheduler.viewersOfAllStreams -= this.streaming.length;
    this.streaming.length = 0;
  }

  private setPaused(viewer: Viewer, sinceMs: number | null): void {
    const isPaused = sinceMs !== null;
    if (isPaused === (viewer.pausedSinceMs !== null)) return;
    viewer.pausedSinceMs = sinceMs;
    this.listener.viewerPaused(viewer, isPaused);
  }

  private enqueueIfBehind(viewer: Viewer): void {
    if (viewer.leaveReason !== null || !viewer.isDrained) return;
    if (viewer.cursor < this.history.ring.head) this.scheduler.enqueue(this, viewer);
  }

  /** Lag in media ms above which a viewer is moved forward now. */
  get maxLagMs(): number {
    return effectiveMaxLagMs(this.settings.maxLagMs, this.history.capacityMs);
  }

  private judge(viewer: Viewer, maxLagMs: number, nowMs: number): void {
    if (viewer.cursor >= this.history.ring.head) return;
    const verdict = classifyLag(
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
        this.listener.cutViewer(viewer, 'too_many_jumps');
        return;
      case 'jump':
        // A jump begins with a write, which must wait until the socket is drained.
        if (viewer.isDrained) this.jump(viewer, nowMs);
    }
  }

  /** Moves a viewer to a random access point nearer to the head, if there is one. */
  private jump(viewer: Viewer, nowMs: number): void {
    // A viewer who asked to be in the past stays there, but not so far back that the ring would soon drop its
    // position again.
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
    this.listener.viewerJumped(viewer, skippedBytes, lagMs);
  }
}
