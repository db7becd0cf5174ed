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

/** Part of the outgoing media that a new source may overlap; enough for several units of each stream. */
const TAIL_MS = 2000;
const MIN_TAIL_BYTES = 256 * 1024;
const MAX_TAIL_BYTES = 4 * 1024 * 1024;
const MAX_STEP_TICKS = 90_000;
const USUAL_STEP_TICKS = 3600;
/** Maximum number of pictures that a codec sends before a picture that is presented earlier. */
const MAX_REORDERED = 32;

/** The last packet of a PID that has payload. */
export interface LastPacket {
  readonly position: number;
  /** A copy of the 188 bytes. */
  readonly packet: Buffer;
}

/** The end of the media that were sent to viewers. Read only when a new source has to continue from there. */
export class OutgoingTail {
  readonly lastPackets = new Map<number, LastPacket>();
  /** Position after the newest packet. */
  end: number;
  /** Bytes read at construction. */
  readonly readBytes: number;
  private readonly reader: AccessUnitReader;

  /** @param pids PIDs of the video and audio streams */
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

  /** True if exactly these PIDs are read. */
  reads(pids: ReadonlySet<number>): boolean {
    return this.reader.reads(pids);
  }

  /** Reads what was sent since the last call; the old source may still be flowing. */
  readNew(): void {
    const { end } = this.history.ring;
    const bytes = end - this.end;
    this.end = end;
    if (bytes > 0) this.readNewest(bytes);
  }

  unitsOf(pid: number): readonly AccessUnit[] {
    return this.reader.unitsOf(pid);
  }

  /** Decoding time of the PID's newest unit with a timestamp; −1 if there is none. */
  lastDts(pid: number): number {
    return this.reader.trackOf(pid).lastTimed?.dts ?? -1;
  }

  /** Expected decoding time of the PID's next unit; −1 if unknown. */
  expectedDts(pid: number): number {
    const last = this.lastDts(pid);
    return last < 0 ? -1 : last + this.step(pid);
  }

  /** Earliest presentation time that is later than all units sent; −1 if unknown. */
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
      const packet = Buffer.from(run.subarray(at, at + TS_PACKET));
      this.lastPackets.set(pid, { position: position + at, packet });
    }
  }
}

/** True if the packets are equal apart from PID and continuity counter. */
export function isSamePacket(a: Buffer, b: Buffer, at: number): boolean {
  return a.compare(b, at + 4, at + TS_PACKET, 4, TS_PACKET) === 0;
}

/** True if the packet's counter follows `last`, the counter of the PID's last packet (`NO_COUNTER`: there was none). */
export function followsCounter(last: number, run: Buffer, at: number): boolean {
  if (last === NO_COUNTER) return true;
  return continuityCounter(run, at) === ((last + (hasPayload(run, at) ? 1 : 0)) & 0x0f);
}
