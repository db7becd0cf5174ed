import { monotonicMs } from '../../kernel/clock';
import type { Jobs } from '../../coordination';
import type { SlotHolder, Watch } from '../../engines';
import type { LeaveReason, Viewer, ViewerHost } from '../viewers';

/** What holds a stream without watching it: a client that has its address, or a check of its content. */
export type HolderKind = 'client' | 'check';

/**
 * Who keeps a session alive: its viewers, waiting or watching, and others who hold it for a while. When nobody watches any
 * more the session is idle: its slot may be taken. When the last one is gone the grace period begins, and the session
 * ends with it; a viewer who is paused is still there. Whoever comes back finds everything as it was.
 */
export class Audience {
  readonly viewers = new Set<Viewer>();
  private readonly paused = new Set<Viewer>();
  private readonly holders = new Map<object, HolderKind>();
  /** Bytes that viewers who are gone have taken. */
  private pastBytes = 0;
  private idleSinceMs: number | null = null;
  private isGraceRunning = false;

  constructor(
    private readonly streamUid: string,
    private readonly graceMs: number,
    private readonly jobs: Jobs,
    private readonly holder: SlotHolder,
  ) {}

  /** Monotonic time since which nobody watches; null while somebody does. */
  get idleSince(): number | null {
    return this.idleSinceMs;
  }

  /** Nobody is there, not even paused. */
  get isEmpty(): boolean {
    return this.viewers.size === 0 && this.holders.size === 0;
  }

  /** Viewers who wait or watch, those who are paused left out. */
  get watching(): number {
    return this.viewers.size - this.paused.size;
  }

  get bytesOut(): number {
    let bytes = this.pastBytes;
    for (const viewer of this.viewers) bytes += viewer.queuedBytes - viewer.unsentBytes();
    return bytes;
  }

  add(viewer: Viewer, host: ViewerHost): void {
    viewer.host = host;
    this.viewers.add(viewer);
    this.endIdle();
    this.updateWatch();
  }

  /** A viewer takes nothing any more, or takes bytes again. */
  setPaused(viewer: Viewer, isPaused: boolean): void {
    if (!this.viewers.has(viewer)) return;
    if (isPaused) {
      this.paused.add(viewer);
      this.beginIdleIfUnwatched();
    } else {
      this.paused.delete(viewer);
      this.endIdle();
    }
    this.updateWatch();
  }

  /** False when the viewer was not here. */
  remove(viewer: Viewer, reason: LeaveReason): boolean {
    if (!this.viewers.delete(viewer)) return false;
    this.paused.delete(viewer);
    this.pastBytes += viewer.queuedBytes - viewer.unsentBytes();
    viewer.leaveReason = reason;
    this.updateWatch();
    return true;
  }

  hold(holder: object, kind: HolderKind): void {
    this.holders.set(holder, kind);
    this.endIdle();
    this.updateWatch();
  }

  letGo(holder: object): void {
    this.holders.delete(holder);
    this.updateWatch();
  }

  /** Hands everybody over; this audience is empty afterwards. */
  moveTo(other: Audience, host: ViewerHost): void {
    for (const viewer of this.viewers) other.add(viewer, host);
    for (const [holder, kind] of this.holders) other.hold(holder, kind);
    this.viewers.clear();
    this.paused.clear();
    this.holders.clear();
    this.updateWatch();
  }

  /** Call when somebody has left: nobody may watch any more, or the grace period begins. One that runs goes on. */
  beginIdleIfUnwatched(): void {
    if (this.watching > 0 || this.holders.size > 0) return;
    this.idleSinceMs ??= monotonicMs();
    if (this.isEmpty && !this.isGraceRunning) this.beginGrace();
    this.updateWatch();
  }

  close(): void {
    this.jobs.cancel('stream.grace', this.streamUid);
  }

  private updateWatch(): void {
    this.holder.setWatch(this.watch);
  }

  private get watch(): Watch {
    if (this.watching > 0) return 'watched';
    if (this.viewers.size > 0) return 'paused';
    if (this.holders.size === 0) return 'unwatched';
    return [...this.holders.values()].includes('client') ? 'held' : 'checked';
  }

  private beginGrace(): void {
    this.isGraceRunning = true;
    const { streamUid, graceMs } = this;
    this.jobs.schedule(
      { name: 'stream.grace', id: streamUid, data: { streamUid } },
      { delayMs: graceMs },
    );
  }

  private endIdle(): void {
    if (this.idleSinceMs === null) return;
    this.idleSinceMs = null;
    this.isGraceRunning = false;
    this.jobs.cancel('stream.grace', this.streamUid);
  }
}
