import {
  AccessUnitReader,
  continuityCounter,
  hasPayload,
  NO_COUNTER,
  NULL_PID,
  pid as pidOf,
  ticksBetween,
  TS_PACKET,
  type AccessUnit,
} from '../mpegts';
import type { StreamHistory } from './stream-history';

/** What a new source may overlap with; enough for several units of each stream. */
const TAIL_MS = 2000;
const MIN_TAIL_BYTES = 256 * 1024;
const MAX_TAIL_BYTES = 4 * 1024 * 1024;
const MAX_STEP_TICKS = 90_000;
const USUAL_STEP_TICKS = 3600;
/** No codec sends more pictures than this before one that is shown sooner. */
const MAX_REORDERED = 32;

/** A packet with payload, the last one of its PID. */
export interface LastPacket {
  readonly position: number;
  /** The 188 bytes, a view of the ring. */
  readonly packet: Buffer;
}

/** The end of what went out to viewers, read when a new source is to go on from there and never before. */
export class OutgoingTail {
  readonly lastPackets = new Map<number, LastPacket>();
  /** Position behind the newest packet. */
  end: number;
  /** Read to begin with. */
  readonly readBytes: number;
  private readonly reader: AccessUnitReader;

  /** `pids`: video and audio. */
  constructor(
    private readonly history: StreamHistory,
    pids: Iterable<number>,
  ) {
    this.reader = new AccessUnitReader(pids);
    this.end = history.ring.end;
    const bytes = ((history.knownBitrateBps ?? Infinity) * TAIL_MS) / 8000;
    const wanted = Math.min(MAX_TAIL_BYTES, Math.max(MIN_TAIL_BYTES, Math.ceil(bytes)));
    this.readBytes = wanted;
    this.readNewest(wanted);
  }

  /** Whether the units of these PIDs are read, and of no others. */
  reads(pids: ReadonlySet<number>): boolean {
    return this.reader.reads(pids);
  }

  /** Reads what has gone out since: the old source may be going on. */
  readOn(): void {
    const { end } = this.history.ring;
    const bytes = end - this.end;
    this.end = end;
    if (bytes > 0) this.readNewest(bytes);
  }

  unitsOf(pid: number): readonly AccessUnit[] {
    return this.reader.unitsOf(pid);
  }

  /** Decoding time of the newest unit of a PID that has one; −1 when there is none. */
  lastDts(pid: number): number {
    return this.reader.trackOf(pid).lastTimed?.dts ?? -1;
  }

  /** Decoding time that the next unit of a PID would have; −1 when nothing tells. */
  expectedDts(pid: number): number {
    const last = this.lastDts(pid);
    return last < 0 ? -1 : last + this.step(pid);
  }

  /** Earliest time at which what comes next is shown behind all that was sent; −1 when nothing tells. */
  expectedPts(pid: number): number {
    let latest = -1;
    for (const { pts } of this.unitsOf(pid).slice(-MAX_REORDERED)) {
      if (pts >= 0 && (latest < 0 || ticksBetween(latest, pts) > 0)) latest = pts;
    }
    return latest < 0 ? -1 : latest + this.step(pid);
  }

  private step(pid: number): number {
    const [before, last] = this.unitsOf(pid).slice(-2);
    if (before === undefined || last === undefined) return USUAL_STEP_TICKS;
    const step = last.dts - before.dts;
    return step > 0 && step <= MAX_STEP_TICKS ? step : USUAL_STEP_TICKS;
  }

  private readNewest(wanted: number): void {
    for (const { position, bytes: run } of this.history.ring.newest(wanted)) {
      this.reader.read(run, 0, run.length, position);
      this.noteLast(run, position);
    }
  }

  private noteLast(run: Buffer, position: number): void {
    const found = new Set<number>();
    for (let at = run.length - TS_PACKET; at >= 0; at -= TS_PACKET) {
      const pid = pidOf(run, at);
      if (pid === NULL_PID || !hasPayload(run, at) || found.has(pid)) continue;
      found.add(pid);
      const packet = run.subarray(at, at + TS_PACKET);
      this.lastPackets.set(pid, { position: position + at, packet });
    }
  }
}

/** The same packet, whatever its PID and counter. */
export function isSamePacket(a: Buffer, b: Buffer, at: number): boolean {
  return a.compare(b, at + 4, at + TS_PACKET, 4, TS_PACKET) === 0;
}

/** Whether a packet with this counter follows the last one of its PID (`NO_COUNTER`: there was none). */
export function follows(last: number, run: Buffer, at: number): boolean {
  if (last === NO_COUNTER) return true;
  return continuityCounter(run, at) === ((last + (hasPayload(run, at) ? 1 : 0)) & 0x0f);
}
