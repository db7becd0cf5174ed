import {
  PesUnitReader,
  continuityCounter,
  hasPayload,
  NO_COUNTER,
  NULL_PID,
  pid as pidOf,
  ticksBetween,
  TS_PACKET,
  type PesUnit,
} from '../mpegts';
import type { StreamHistory } from './stream-history';

/** Part of the outgoing media that a new source may overlap; it contains several PES packets of each stream. */
const TAIL_MS = 2000;
const MIN_TAIL_BYTES = 256 * 1024;
const MAX_TAIL_BYTES = 4 * 1024 * 1024;
/** A larger step between two decoding times is not taken as the usual one. */
const MAX_STEP_TICKS = 90_000;
/** Step between decoding times if none was measured: 40 ms. */
const USUAL_STEP_TICKS = 3600;
/** Maximum number of pictures that are sent before a picture with an earlier presentation time. */
const MAX_REORDERED = 32;

/** The last payload packet of a PID. */
export interface LastPacket {
  readonly position: number;
  /** A copy of the 188 bytes. */
  readonly packet: Buffer;
}

/**
 * The end of the media in the ring, which the next source must continue. Viewers may not have received all of it yet.
 */
export class OutgoingTail {
  readonly lastPackets = new Map<number, LastPacket>();
  /** Position after the newest packet. */
  end: number;
  /** Number of bytes read at construction. */
  readonly readBytes: number;
  private readonly reader: PesUnitReader;

  /** @param pids PIDs of the video and audio streams */
  constructor(
    private readonly history: StreamHistory,
    pids: Iterable<number>,
  ) {
    this.reader = new PesUnitReader(pids);
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

  /** Reads the media appended since the last call, because the old source may still be flowing. */
  readNew(): void {
    const { end } = this.history.ring;
    const bytes = end - this.end;
    this.end = end;
    if (bytes > 0) this.readNewest(bytes);
  }

  unitsOf(pid: number): readonly PesUnit[] {
    return this.reader.unitsOf(pid);
  }

  /** Decoding time of the PID's newest PES packet that has one; −1 if there is none. */
  lastDts(pid: number): number {
    return this.reader.trackOf(pid).lastTimed?.dts ?? -1;
  }

  /** Expected decoding time of the PID's next PES packet; −1 if unknown. */
  expectedDts(pid: number): number {
    const last = this.lastDts(pid);
    return last < 0 ? -1 : last + this.step(pid);
  }

  /** Presentation time after the latest one that was sent on the PID; −1 if unknown. */
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

/** True if the packets are equal apart from their headers. */
export function isSamePacket(a: Buffer, b: Buffer, at: number): boolean {
  return a.compare(b, at + 4, at + TS_PACKET, 4, TS_PACKET) === 0;
}

/** True if the counter of the packet follows `last`, the last counter of the PID (`NO_COUNTER` if there was none). */
export function followsCounter(last: number, run: Buffer, at: number): boolean {
  if (last === NO_COUNTER) return true;
  return continuityCounter(run, at) === ((last + (hasPayload(run, at) ? 1 : 0)) & 0x0f);
}
