import {
  payloadOffset,
  payloadUnitStart,
  pid,
  scrambled,
  transportError,
  TS_PACKET,
} from './packet';
import { isPesStart, pesDecodingTime, shiftPesTimes, TIMESTAMP_WRAP } from './pes';

/** Kodi treats a step of more than 1 s as a jump of the clock. */
const STEP_TICKS = 90 * 800;

/**
 * Fills a gap in the timeline. The first PES packets of each stream after the gap get earlier timestamps, so that
 * there is one every 800 ms from the start of the gap on. PCRs are unchanged.
 */
export class SpreadTimes {
  private readonly units = new Map<number, number>();
  private isOver = false;

  /** @param gapTicks length of the gap in ticks of 90 kHz */
  constructor(private readonly gapTicks: number) {}

  /** Takes whole packets in order. Changed packets are copied. */
  apply(packets: Buffer): Buffer {
    if (this.isOver) return packets;
    const spread = Buffer.allocUnsafeSlow(packets.length);
    packets.copy(spread);
    let seen = 0;
    let moved = 0;
    for (let at = 0; at + TS_PACKET <= spread.length; at += TS_PACKET) {
      const unitAt = timedUnitAt(spread, at);
      if (unitAt < 0) continue;
      seen++;
      if (this.moveUnit(spread, at, unitAt)) moved++;
    }
    // When no PES packet needs an earlier time any more, the gap has been filled.
    if (seen > 0 && moved === 0) this.isOver = true;
    return spread;
  }

  private moveUnit(packets: Buffer, at: number, unitAt: number): boolean {
    const id = pid(packets, at);
    const count = (this.units.get(id) ?? 0) + 1;
    this.units.set(id, count);
    const earlier = this.gapTicks - count * STEP_TICKS;
    if (earlier <= 0) return false;
    shiftPesTimes(packets, unitAt, at + TS_PACKET, TIMESTAMP_WRAP - earlier);
    return true;
  }
}

/** Index of the PES packet that begins with the packet at `at`, if it has a timestamp; else −1. */
function timedUnitAt(packets: Buffer, at: number): number {
  if (!payloadUnitStart(packets, at)) return -1;
  if (transportError(packets, at) || scrambled(packets, at)) return -1;
  const [from, end] = [payloadOffset(packets, at), at + TS_PACKET];
  return isPesStart(packets, from, end) && pesDecodingTime(packets, from, end) >= 0 ? from : -1;
}
