/** State of a unit after one of its packets. */
export interface UnitMark {
  /** Position after the packet. */
  readonly end: number;
  /** Payload bytes so far, without the PES header. */
  readonly bytes: number;
  /** 32-bit FNV-1a hash of that payload. */
  readonly hash: number;
}

/** One PES packet of an elementary stream. Times are ticks of 90 kHz modulo 2^33; −1 if absent. */
export interface AccessUnit {
  readonly pts: number;
  /** The PTS if there is no DTS. */
  readonly dts: number;
  /** Position of its first packet. */
  readonly at: number;
  /** One per packet with payload. */
  readonly marks: UnitMark[];
  /** True once the next unit has begun, so this one is complete. */
  closed: boolean;
}

/**
 * The units of one PID, oldest first; the last one may be incomplete. Searches that run at every read do not scan all
 * units.
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

  /** Index of the oldest unit that begins at or after `position`; the number of units if there is none. */
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
