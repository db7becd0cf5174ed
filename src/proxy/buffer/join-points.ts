/** A position at which a viewer may begin, and the PAT and PMT packets that go before it. */
export interface JoinPoint {
  readonly position: number;
  /** The last complete PAT and PMT before `position`, verbatim, so that their continuity goes on. */
  readonly preface: Buffer;
}

/** Media time (ms) at a position of the ring, or null when nothing tells. */
export type MediaTimeAt = (position: number) => number | null;

/** The random access points of one ring, oldest first, dropped with the bytes they point at. */
export class JoinPoints {
  private points: JoinPoint[] = [];

  get count(): number {
    return this.points.length;
  }

  add(point: JoinPoint): void {
    const last = this.points[this.points.length - 1];
    if (last !== undefined && last.position >= point.position) return;
    this.points.push(point);
  }

  /** The oldest point at `position` or behind it. */
  firstFrom(position: number): JoinPoint | null {
    let low = 0;
    let high = this.points.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.points[middle]?.position ?? 0) < position) low = middle + 1;
      else high = middle;
    }
    return this.points[low] ?? null;
  }

  dropBefore(tail: number): void {
    let dead = 0;
    while (dead < this.points.length && (this.points[dead]?.position ?? tail) < tail) dead++;
    if (dead > 0) this.points.splice(0, dead);
  }

  /** The point at exactly this position, if there is one. */
  at(position: number): JoinPoint | null {
    let low = 0;
    let high = this.points.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.points[middle]?.position ?? position) < position) low = middle + 1;
      else high = middle;
    }
    const point = this.points[low];
    return point !== undefined && point.position === position ? point : null;
  }

  /** For those who waited for the start: they get everything there is. */
  oldest(): JoinPoint | null {
    return this.points[0] ?? null;
  }

  /**
   * For a viewer of a running stream: the newest point that is at least `behindMs` of media old, so that
   * the player has a cushion from its first second; else the oldest, which is the most cushion there is
   * (datapath rule 13).
   */
  atLeastBehind(behindMs: number, head: number, mediaTimeAt: MediaTimeAt): JoinPoint | null {
    const headTime = mediaTimeAt(head);
    if (headTime !== null) {
      for (let i = this.points.length - 1; i >= 0; i--) {
        const point = this.points[i];
        if (point === undefined) continue;
        const time = mediaTimeAt(point.position);
        if (time !== null && headTime - time >= behindMs) return point;
      }
    }
    return this.oldest();
  }
}
