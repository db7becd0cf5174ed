import { type EntryPoint } from './entry-point';
import { type MediaClock } from './media-clock';

export interface PointSpacing {
  /** Media time after which one more point is allowed. */
  readonly ms: number;
  /** Bytes after which one more point is allowed, even if media time stands still. */
  readonly bytes: number;
  /** Maximum number of points that may be allowed at once. */
  readonly burst: number;
}

/** Maximum number of points that wait to be taken; the oldest are dropped. */
const MAX_POINTS = 512;
/** A point is overdue when this many points could have been added since the last one. */
const OVERDUE = 3;
const NO_POINTS: readonly EntryPoint[] = Object.freeze([]);

/**
 * Limits the density of points. Each point costs memory as long as the ring keeps it, and a stream may have one in
 * every packet.
 */
export class SpacedPoints {
  private points: EntryPoint[] = [];
  private lastPosition = -Infinity;
  private lastMs: number | null = null;
  /** Number of further points that were allowed at the last point. */
  private spare: number;

  constructor(private readonly spacing: PointSpacing) {
    this.spare = spacing.burst;
  }

  /** True if a point at `position` is allowed. */
  isDue(position: number, clock: MediaClock): boolean {
    return position > this.lastPosition && this.allowance(position, clock) >= 1;
  }

  /** Allows one point immediately, because earlier points belong to another stream. */
  grant(): void {
    this.spare = Math.max(this.spare, 1);
  }

  /** True if far more than the usual distance has passed without a point. */
  isOverdue(position: number, clock: MediaClock): boolean {
    return this.passed(position, clock) >= OVERDUE;
  }

  add(point: EntryPoint, clock: MediaClock): void {
    this.spare = this.allowance(point.position, clock) - 1;
    this.lastPosition = point.position;
    this.lastMs = clock.mediaTimeAt(point.position);
    if (this.points.length >= MAX_POINTS) this.points.shift();
    this.points.push(point);
    point.keep();
  }

  /** The points since the last call, in stream order. */
  take(): readonly EntryPoint[] {
    if (this.points.length === 0) return NO_POINTS;
    const taken = this.points;
    this.points = [];
    return taken;
  }

  private allowance(position: number, clock: MediaClock): number {
    return Math.min(this.spacing.burst, this.spare + this.passed(position, clock));
  }

  /** Number of points that became allowed since the last point. */
  private passed(position: number, clock: MediaClock): number {
    const { ms, bytes } = this.spacing;
    const nowMs = clock.mediaTimeAt(position);
    const passedMs = nowMs === null || this.lastMs === null ? 0 : nowMs - this.lastMs;
    return Math.max(passedMs / ms, (position - this.lastPosition) / bytes);
  }
}
