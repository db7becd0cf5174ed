import { monotonicMs } from '../../kernel/clock';
import type { DelayedTasks } from '../../coordination';
import type { LeaveReason, Viewer, ViewerHost } from '../viewers';

/**
 * Who keeps a session alive: its viewers, waiting or watching, and others who hold it for a while. When the
 * last one is gone the grace period begins; whoever comes back within it ends it (and finds everything as
 * it was).
 */
export class Audience {
  readonly viewers = new Set<Viewer>();
  private readonly holders = new Set<object>();
  /** Bytes that viewers who are gone have taken. */
  private pastBytes = 0;
  private idleSinceMs: number | null = null;

  constructor(
    private readonly taskName: string,
    private readonly graceMs: number,
    private readonly delayed: DelayedTasks,
    private readonly onGraceOver: () => void,
    /** Told when the last one is gone, and when somebody is there again. */
    private readonly onIdleChange: () => void,
  ) {}

  /** Monotonic time since which nobody is there; null while somebody is. */
  get idleSince(): number | null {
    return this.idleSinceMs;
  }

  get isEmpty(): boolean {
    return this.viewers.size === 0 && this.holders.size === 0;
  }

  get bytesOut(): number {
    let bytes = this.pastBytes;
    for (const viewer of this.viewers) bytes += viewer.queuedBytes - viewer.unsentBytes();
    return bytes;
  }

  add(viewer: Viewer, host: ViewerHost): void {
    viewer.host = host;
    this.viewers.add(viewer);
    this.endGrace();
  }

  /** False when the viewer was not here. */
  remove(viewer: Viewer, reason: LeaveReason): boolean {
    if (!this.viewers.delete(viewer)) return false;
    this.pastBytes += viewer.queuedBytes - viewer.unsentBytes();
    viewer.leaveReason = reason;
    return true;
  }

  hold(holder: object): void {
    this.holders.add(holder);
    this.endGrace();
  }

  letGo(holder: object): void {
    this.holders.delete(holder);
  }

  /** Hands everybody over; this audience is empty afterwards. */
  moveTo(other: Audience, host: ViewerHost): void {
    for (const viewer of this.viewers) other.add(viewer, host);
    for (const holder of this.holders) other.hold(holder);
    this.viewers.clear();
    this.holders.clear();
  }

  /** Starts the grace period if nobody is there; one that runs goes on. */
  beginGraceIfEmpty(): void {
    if (!this.isEmpty || this.idleSinceMs !== null) return;
    this.idleSinceMs = monotonicMs();
    this.delayed.schedule(this.taskName, this.graceMs, () => {
      // Looked at again: who came back while the task was on its way is not to be thrown out.
      if (this.isEmpty) this.onGraceOver();
    });
    this.onIdleChange();
  }

  close(): void {
    this.delayed.cancel(this.taskName);
  }

  private endGrace(): void {
    if (this.idleSinceMs === null) return;
    this.idleSinceMs = null;
    this.delayed.cancel(this.taskName);
    this.onIdleChange();
  }
}
