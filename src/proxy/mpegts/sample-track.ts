const FIRST_CAPACITY = 256;

/**
 * Points of a monotone mapping from stream position (bytes) to media time (ms). Their number is limited: when the
 * track is full, every second point of its older half is dropped, because old media need less precision.
 */
export class SampleTrack {
  private positions = new Float64Array(FIRST_CAPACITY);
  private times = new Float64Array(FIRST_CAPACITY);
  private first = 0;
  private end = 0;

  constructor(private readonly maxSamples: number) {}

  get length(): number {
    return this.end - this.first;
  }

  get bytes(): number {
    return this.positions.byteLength + this.times.byteLength;
  }

  /** Adds a point; its position must be greater than all others. */
  add(position: number, time: number): void {
    if (this.length >= this.maxSamples) this.thin();
    if (this.end === this.positions.length) this.makeRoom();
    this.positions[this.end] = position;
    this.times[this.end] = time;
    this.end++;
  }

  /** Drops points before `position`, except the one that interpolation still needs. */
  dropBefore(position: number): void {
    const at = this.indexAt(position);
    if (at > this.first) this.first = at;
  }

  /** Time at a position between the first and the last point; null elsewhere. */
  interpolate(position: number): number | null {
    const at = this.indexAt(position);
    if (at < this.first) return null;
    const from = this.positions[at] as number;
    const time = this.times[at] as number;
    if (position === from) return time;
    if (at + 1 >= this.end) return null;
    const to = this.positions[at + 1] as number;
    return time + (((this.times[at + 1] as number) - time) * (position - from)) / (to - from);
  }

  /** Position and time of the oldest point; null if there is none. */
  oldest(): { position: number; time: number } | null {
    if (this.length === 0) return null;
    return {
      position: this.positions[this.first] as number,
      time: this.times[this.first] as number,
    };
  }

  /** Index of the last point at or before `position`; `first − 1` if all are after it. */
  private indexAt(position: number): number {
    let low = this.first;
    let high = this.end;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.positions[middle] as number) <= position) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  private makeRoom(): void {
    const capacity = this.positions.length;
    // Allocate slightly more than the bound, so that a full window is not moved at each step.
    const grown = Math.min(capacity * 2, this.maxSamples + FIRST_CAPACITY);
    if (this.first > capacity / 4 || grown === capacity) this.moveTo(this.positions, this.times);
    else this.moveTo(new Float64Array(grown), new Float64Array(grown));
  }

  private moveTo(positions: typeof this.positions, times: typeof this.times): void {
    positions.set(this.positions.subarray(this.first, this.end));
    times.set(this.times.subarray(this.first, this.end));
    this.positions = positions;
    this.times = times;
    this.end -= this.first;
    this.first = 0;
  }

  private thin(): void {
    const half = this.first + (this.length >> 1);
    let to = half;
    for (let from = half; from >= this.first; from -= 2) {
      this.positions[to] = this.positions[from] as number;
      this.times[to] = this.times[from] as number;
      to--;
    }
    this.first = to + 1;
  }
}
