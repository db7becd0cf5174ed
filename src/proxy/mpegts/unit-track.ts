/** State of a PES packet after one of its transport packets. */
export interface UnitMark {
  /** Position after that transport packet. */
  readonly end: number;
  /** Payload bytes so far, without the PES header. */
  readonly bytes: number;
  /** 32-bit FNV-1a hash of those payload bytes. */
  readonly hash: number;
}

/**
 * One PES packet of an elementary stream, as far as it has arrived. Times are ticks of 90 kHz modulo 2^33; −1 if
 * absent.
 */
export interface PesUnit {
  readonly pts: number;
  /** The PTS if the PES packet has no DTS. */
  readonly dts: number;
  /** Position of its first transport packet. */
  readonly at: number;
  /** One per transport packet with payload. */
  readonly marks: UnitMark[];
  /** True once the next PES packet has begun, so that this one is complete. */
  closed: boolean;
}

/**
 * The PES packets of one PID, oldest first; the last one may be incomplete. Searches that run at every read use
 * indexes instead of scanning all of them.
 */
export class UnitTrack {
  readonly units: PesUnit[] = [];
  private readonly timed: PesUnit[] = [];
  private readonly byPts = new Map<number, PesUnit>();

  get newest(): PesUnit | undefined {
    return this.units[this.units.length - 1];
  }

  /** The oldest PES packet with a decoding time. */
  get firstTimed(): PesUnit | undefined {
    return this.timed[0];
  }

  /** The newest PES packet with a decoding time. */
  get lastTimed(): PesUnit | undefined {
    return this.timed[this.timed.length - 1];
  }

  /** The newest PES packet with this PTS. */
  withPts(pts: number): PesUnit | undefined {
    return this.byPts.get(pts);
  }

  /** Index of the oldest PES packet that begins at or after `position`; the number of PES packets if there is none. */
  indexFrom(position: number): number {
    const { units } = this;
    let low = 0;
    let high = units.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((units[middle] as PesUnit).at < position) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The PES packet that begins exactly at `position`. */
  at(position: number): PesUnit | undefined {
    const unit = this.units[this.indexFrom(position)];
    return unit?.at === position ? unit : undefined;
  }

  add(unit: PesUnit): void {
    this.units.push(unit);
    if (unit.dts >= 0) this.timed.push(unit);
    if (unit.pts >= 0) this.byPts.set(unit.pts, unit);
  }

  forgetOldest(): PesUnit | undefined {
    const unit = this.units.shift();
    if (unit === undefined) return undefined;
    if (this.timed[0] === unit) this.timed.shift();
    if (this.byPts.get(unit.pts) === unit) this.byPts.delete(unit.pts);
    return unit;
  }
}
