import { monotonicMs } from '../../kernel/clock';
import type { Jobs } from '../../coordination';
import type { SlotHolder, Watch } from '../../engines';
import type { LeaveReason, Viewer, WatchedStream } from '../viewers';

/**
 * A holder keeps a stream alive without watching it: a client that was given the stream's URL, or a check of the
 * content.
 */
export type HolderKind = 'client' | 'check';

/**
 * The viewers and the holders of one stream. The stream is idle while nobody watches it, waits for its start or holds
 * it. A paused viewer does not watch, but has not left. When all viewers and holders have left, the grace period
 * begins; at its end, the stream ends.
 */
export class Audience {
  readonly viewers = new Set<Viewer>();
  private readonly paused = new Set<Viewer>();
  private readonly holders = new Map<object, HolderKind>();
  private wasWanted = false;
  /** Bytes that former viewers have received. */
  private pastBytes = 0;
  private idleSinceMs: number | null = null;
  /** Monotonic time at which the grace period began; null if it is not running. */
  private graceSinceMs: number | null = null;

  constructor(
    private readonly streamUid: string,
    private readonly times: { readonly graceMs: number },
    private readonly jobs: Jobs,
    private readonly slotHolder: SlotHolder,
  ) {}

  /** Monotonic time at which the stream became idle; null while it is watched or held. */
  get idleSince(): number | null {
    return this.idleSinceMs;
  }

  /** True if a viewer or a client has ever asked for the stream; false while only checks hold it. */
  get isForViewers(): boolean {
    return this.wasWanted;
  }

  /** True if there are no viewers, not even paused ones, and no holders. */
  get isEmpty(): boolean {
    return this.viewers.size === 0 && this.holders.size === 0;
  }

  /** Number of viewers who wait or watch, without the paused ones. */
  get watching(): number {
    return this.viewers.size - this.paused.size;
  }

  /** Bytes that viewers and former viewers have received. */
  get bytesOut(): number {
    let bytes = this.pastBytes;
    for (const viewer of this.viewers) bytes += viewer.queuedBytes - viewer.unsentBytes();
    return bytes;
  }

  add(viewer: Viewer, stream: WatchedStream): void {
    viewer.stream = stream;
    this.viewers.add(viewer);
    this.wasWanted = true;
    this.endIdle();
    this.updateWatch();
  }

  /** Call when a viewer has stopped taking bytes, or takes them again. */
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

  /** Returns false if `viewer` was not a viewer of this stream. */
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
    this.wasWanted ||= kind === 'client';
    this.endIdle();
    this.updateWatch();
  }

  letGo(holder: object): void {
    this.holders.delete(holder);
    this.updateWatch();
  }

  /** Moves all viewers and holders to another audience. */
  moveTo(other: Audience, stream: WatchedStream): void {
    for (const viewer of this.viewers) other.add(viewer, stream);
    for (const [holder, kind] of this.holders) other.hold(holder, kind);
    this.viewers.clear();
    this.paused.clear();
    this.holders.clear();
    this.updateWatch();
  }

  /**
   * Call after a viewer or a holder has left. If nobody watches or holds the stream now, it counts as idle. If not even
   * a paused viewer is left, the grace period begins.
   */
  beginIdleIfUnwatched(): void {
    if (this.watching > 0 || this.holders.size > 0) return;
    this.idleSinceMs ??= monotonicMs();
    if (this.isEmpty && this.graceSinceMs === null) {
      this.graceSinceMs = monotonicMs();
      this.scheduleEnd();
    }
    this.updateWatch();
  }

  /** Call when the length of the grace period has changed; it counts for the one that is running too. */
  graceChanged(): void {
    if (this.graceSinceMs !== null) this.scheduleEnd();
  }

  /** Cancels the grace period. Call when the stream has ended. */
  close(): void {
    this.jobs.cancel('stream.grace', this.streamUid);
  }

  private updateWatch(): void {
    this.slotHolder.setWatch(this.watch);
  }

  private get watch(): Watch {
    if (this.watching > 0) return 'watched';
    if (this.viewers.size > 0) return 'paused';
    if (this.holders.size === 0) return 'unwatched';
    return [...this.holders.values()].includes('client') ? 'held' : 'checked';
  }

  private scheduleEnd(): void {
    const { streamUid } = this;
    const passedMs = monotonicMs() - (this.graceSinceMs ?? monotonicMs());
    this.jobs.schedule(
      { name: 'stream.grace', id: streamUid, data: { streamUid } },
      { delayMs: Math.max(0, Math.round(this.times.graceMs - passedMs)) },
    );
  }

  private endIdle(): void {
    if (this.idleSinceMs === null) return;
    this.idleSinceMs = null;
    this.graceSinceMs = null;
    this.jobs.cancel('stream.grace', this.streamUid);
  }
}
