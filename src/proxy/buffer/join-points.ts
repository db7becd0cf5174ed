/** A position in the ring with attached memory. */
export interface RingPoint {
  readonly position: number;
  /** Bytes that this point holds and its `neighbour` in the list does not. */
  bytesBeside(neighbour: RingPoint | null): number;
}

/** A position at which a viewer may begin, with the packets sent before it. */
export interface JoinPoint extends RingPoint {
  /** PID of the stream to which the PES packet at this point belongs. */
  readonly pid: number;
  /** Tables and parameter sets, sent to a viewer who begins here. */
  readonly preface: Buffer;
  /**
   * The last complete PAT and PMT before `position`, with continuity counters that the table packets after `position`
   * continue.
   */
  readonly tables: Buffer;
  /** Video packets with the parameter sets that the decoder needs; empty if the media after `position` contain them. */
  parameterPackets(): readonly Buffer[];
}

/** Media time (ms) at a position of the ring, or null if unknown. Never decreases with the position. */
export type MediaTimeAt = (position: number) => number | null;

/** Points of one ring, oldest first. They are dropped together with the bytes they point at. */
export class JoinPoints<P extends RingPoint = JoinPoint> {
  private points: P[] = [];
  private held = 0;

  get count(): number {
    return this.points.length;
  }

  /** Memory of the points; shared memory counts once. */
  get bytes(): number {
    return this.held;
  }

  add(point: P): void {
    const last = this.points.at(-1);
    if (last !== undefined && last.position >= point.position) return;
    this.held += point.bytesBeside(last ?? null);
    this.points.push(point);
  }

  dropBefore(tail: number): void {
    const dead = this.indexFrom(tail);
    for (let index = 0; index < dead; index++) {
      const point = this.points[index] as P;
      this.held -= point.bytesBeside(this.points[index + 1] ?? null);
    }
    if (dead > 0) this.points.splice(0, dead);
  }

  /** The oldest point at or after `position`. */
  firstFrom(position: number): P | null {
    return this.points[this.indexFrom(position)] ?? null;
  }

  /** The point at exactly this position, if there is one. */
  at(position: number): P | null {
    const point = this.firstFrom(position);
    return point?.position === position ? point : null;
  }

  oldest(): P | null {
    return this.points[0] ?? null;
  }

  /** The newest points, at most `count`, oldest first. */
  newest(count: number): readonly P[] {
    return this.points.slice(-count);
  }

  /** The newest point that is at least `behindMs` of media older than `head`; null if there is none. */
  atLeastBehind(behindMs: number, head: number, mediaTimeAt: MediaTimeAt): P | null {
    const headMs = mediaTimeAt(head);
    if (headMs === null) return null;
    const isOld = ({ position }: P): boolean => {
      const timeMs = mediaTimeAt(position);
      return timeMs !== null && headMs - timeMs >= behindMs;
    };
    const young = this.firstIndex((point) => !isOld(point));
    return this.points[young - 1] ?? null;
  }

  private indexFrom(position: number): number {
    return this.firstIndex((point) => point.position >= position);
  }

  /** Index of the first point for which `isMatch` is true. It must be true for all points after that one too. */
  private firstIndex(isMatch: (point: P) => boolean): number {
    let low = 0;
    let high = this.points.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isMatch(this.points[middle] as P)) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
