/** How far a unit had come with one of its packets. */
export interface UnitMark {
  /** Position behind the packet. */
  readonly end: number;
  /** Payload so far, PES header left out. */
  readonly bytes: number;
  /** FNV-1a of it, 32 bits. */
  readonly hash: number;
}

/** One PES packet of an elementary stream. Times are ticks of 90 kHz modulo 2^33, −1 for none. */
export interface AccessUnit {
  readonly pts: number;
  /** The PTS where there is no DTS. */
  readonly dts: number;
  /** Position of its first packet. */
  readonly at: number;
  /** One per packet with payload. */
  readonly marks: UnitMark[];
  /** The next unit has begun: it is complete. */
  closed: boolean;
}

/**
 * The units of one PID, oldest first; the last one may be incomplete. Whoever looks for a unit at every read finds it
 * without looking at all of them again.
 */
export class UnitTrack {
  readonly units: AccessUnit[] = [];
  private readonly timed: AccessUnit[] = [];
  private readonly byPts = new Map<number, AccessUnit>();

  get newest(): AccessUnit | undefined {
    return this.units[this.units.length - 1];
  }

  /** The oldest unit with a time. */
  get firstTimed(): AccessUnit | undefined {
    return this.timed[0];
  }

  /** The newest unit with a time. */
  get lastTimed(): AccessUnit | undefined {
    return this.timed[this.timed.length - 1];
  }

  /** The newest unit with this PTS. */
  withPts(pts: number): AccessUnit | undefined {
    return this.byPts.get(pts);
  }

  /** Index of the oldest unit that begins at `position` or behind it; the number of units when there is none. */
  indexFrom(position: number): number {
    const { units } = this;
    let low = 0;
    let high = units.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((units[middle] as AccessUnit).at < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The unit that begins exactly at `position`. */
  at(position: number): AccessUnit | undefined {
    const unit = this.units[this.indexFrom(position)];
    return unit?.at === position ? unit : undefined;
  }

  add(unit: AccessUnit): void {
    this.units.push(unit);
    if (unit.dts >= 0) this.timed.push(unit);
    if (unit.pts >= 0) this.byPts.set(unit.pts, unit);
  }

  forgetOldest(): AccessUnit | undefined {
    const unit = this.units.shift();
    if (unit === undefined) return undefined;
    if (this.timed[0] === unit) this.timed.shift();
    if (this.byPts.get(unit.pts) === unit) this.byPts.delete(unit.pts);
    return unit;
  }
}
