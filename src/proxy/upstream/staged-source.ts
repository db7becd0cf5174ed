import {
  PesUnitReader,
  continuityCounter,
  NULL_PID,
  pid as pidOf,
  TransportScanner,
  TS_PACKET,
  type EntryPoint,
  type Programme,
  type UnitTrack,
} from '../mpegts';
import { unitsForBytes } from './search-cost';

interface StagedRun {
  readonly start: number;
  readonly data: Buffer;
}

/**
 * The staged beginning of a new source: its transport packets, tables, random access points and PES packets, kept
 * until the splice point is known. Positions count from the source's first byte.
 */
export class StagedSource {
  readonly scanner = new TransportScanner();
  /** Random access points, oldest first. */
  readonly points: EntryPoint[] = [];
  end = 0;
  firstMs: number | null = null;
  private runs: StagedRun[] = [];
  private units = new PesUnitReader([]);
  private unitsReadTo = 0;

  get programme(): Programme | null {
    return this.scanner.programme;
  }

  /** Position of the oldest byte that is still staged. */
  get start(): number {
    return this.runs[0]?.start ?? this.end;
  }

  get bytes(): number {
    return this.end - this.start;
  }

  /** Takes whole packets. They are copied, because the socket reuses the caller's buffer. */
  push(data: Buffer, start: number, end: number, nowMs: number): void {
    this.firstMs ??= nowMs;
    this.runs.push({ start: this.end, data: Buffer.from(data.subarray(start, end)) });
    this.scanner.scan(data, start, end, this.end, nowMs);
    this.end += end - start;
    this.points.push(...this.scanner.takeRandomAccessPoints());
  }

  /** Selects the PIDs whose PES packets are read, beginning with the oldest staged byte. */
  readUnitsOf(pids: ReadonlySet<number>): void {
    if (this.units.reads(pids)) return;
    const againBytes = Math.max(0, this.unitsReadTo - this.start);
    // A source that changes its programme repeatedly must not cause all staged bytes to be read again each time.
    if (!this.scanner.budget.spend('splice_search', unitsForBytes(againBytes))) return;
    this.units = new PesUnitReader(pids);
    this.unitsReadTo = this.start;
  }

  readUnits(): void {
    // The newest runs are at the end.
    let from = this.runs.length;
    while (from > 0 && (this.runs[from - 1] as StagedRun).start >= this.unitsReadTo) from--;
    for (const { start, data } of this.runs.slice(from)) {
      this.units.read(data, 0, data.length, start);
    }
    this.unitsReadTo = this.end;
  }

  trackOf(pid: number): UnitTrack {
    return this.units.trackOf(pid);
  }

  /** Index of the oldest random access point at or after `position`; the number of points if there is none. */
  pointIndexFrom(position: number): number {
    return firstIndex(this.points, (point) => point.position >= position);
  }

  mediaMsSince(position: number): number {
    const from = this.scanner.clock.mediaTimeAt(position);
    const to = this.scanner.clock.mediaTimeAt(this.end);
    return from === null || to === null ? 0 : to - from;
  }

  /** Drops the oldest runs until at most `maxBytes` are staged. */
  keepNewest(maxBytes: number): void {
    let dead = 0;
    while (dead < this.runs.length && this.end - (this.runs[dead] as StagedRun).start > maxBytes) {
      dead++;
    }
    this.runs.splice(0, dead);
    this.points.splice(0, this.pointIndexFrom(this.start));
  }

  /** Calls `visit` for each packet from `position` on. */
  eachPacket(position: number, visit: (run: Buffer, at: number, position: number) => void): void {
    for (let index = this.runIndexAt(position); index < this.runs.length; index++) {
      const { start, data } = this.runs[index] as StagedRun;
      for (let at = Math.max(0, position - start); at < data.length; at += TS_PACKET) {
        visit(data, at, start + at);
      }
    }
  }

  /**
   * Views of the packets from `from` on, in order. A PID in `cuts` starts at its own position instead, which may be
   * earlier or later.
   */
  cut(from: number, cuts: ReadonlyMap<number, number>): Buffer[] {
    const kept: Buffer[] = [];
    const earliest = Math.min(from, ...cuts.values());
    for (let index = this.runIndexAt(earliest); index < this.runs.length; index++) {
      const { start, data } = this.runs[index] as StagedRun;
      let runFrom = -1;
      for (let at = Math.max(0, earliest - start); at < data.length; at += TS_PACKET) {
        const pid = pidOf(data, at);
        const limit = pid === NULL_PID ? from : (cuts.get(pid) ?? from);
        if (start + at >= limit) {
          if (runFrom < 0) runFrom = at;
        } else if (runFrom >= 0) {
          kept.push(data.subarray(runFrom, at));
          runFrom = -1;
        }
      }
      if (runFrom >= 0) kept.push(data.subarray(runFrom));
    }
    return kept;
  }

  /** Continuity counter of each PID's last staged packet before the packets that `cut` returns. */
  countersBefore(from: number, cuts: ReadonlyMap<number, number>): Map<number, number> {
    const counters = new Map<number, number>();
    this.eachPacket(this.start, (run, at, position) => {
      const pid = pidOf(run, at);
      if (position < (cuts.get(pid) ?? from)) counters.set(pid, continuityCounter(run, at));
    });
    return counters;
  }

  /** Index of the run that contains `position`, or of the first run after it. */
  private runIndexAt(position: number): number {
    return firstIndex(this.runs, ({ start, data }) => start + data.length > position);
  }
}

/** Index of the first item for which `isMatch` is true. It must be true for all items after that one too. */
function firstIndex<T>(items: readonly T[], isMatch: (item: T) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (isMatch(items[middle] as T)) high = middle;
    else low = middle + 1;
  }
  return low;
}
