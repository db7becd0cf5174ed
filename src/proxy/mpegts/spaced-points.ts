import { type EntryPoint } from './entry-point';
import { type MediaClock } from './media-clock';

export interface PointSpacing {
  /** Media time in which one more point may come … */
  readonly ms: number;
  /** … or bytes, where time stands still. */
  readonly bytes: number;
  /** Points that may come at once. */
  readonly burst: number;
}

/** Points kept for an owner that does not fetch them; the oldest go first. */
const MAX_POINTS = 512;
/** So many distances without a point are too many. */
const OVERDUE = 3;
const NO_POINTS: readonly EntryPoint[] = Object.freeze([]);

/**
 * Points that come no denser than is useful: each costs memory for as long as the ring keeps it, and a stream may have
 * one in every packet.
 */
export class SpacedPoints {
  private points: EntryPoint[] = [];
  private lastPosition = -Infinity;
  private lastMs: number | null = null;
  /** Points that might have come until the last one, and did not. */
  private spare: number;

  constructor(private readonly spacing: PointSpacing) {
    this.spare = spacing.burst;
  }

  /** Whether a point at `position` may come. */
  isDue(position: number, clock: MediaClock): boolean {
    return position > this.lastPosition && this.allowance(position, clock) >= 1;
  }

  /** Lets one point come at once, because the points so far were another stream's. */
  grant(): void {
    this.spare = Math.max(this.spare, 1);
  }

  /** Whether far more than the usual distance has passed. */
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

  /** Points for which there was room since the last one. */
  private passed(position: number, clock: MediaClock): number {
    const { ms, bytes } = this.spacing;
    const nowMs = clock.mediaTimeAt(position);
    const passedMs = nowMs === null || this.lastMs === null ? 0 : nowMs - this.lastMs;
    return Math.max(passedMs / ms, (position - this.lastPosition) / bytes);
  }
}
