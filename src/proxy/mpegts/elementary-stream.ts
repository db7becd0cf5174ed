import { byteAt, payloadOffset, payloadUnitStart, pid, scrambled, TS_PACKET } from './packet';
import { isPesScrambled, isPesStart, PES_FIXED_HEADER, pesDecodingTime } from './pes';

/**
 * Collects the payload of one elementary stream from its first PES packet on, without PES headers, up to `maxBytes`.
 * The payload is copied, so it is independent of the packets.
 */
export class ElementaryStreamTap {
  /** Decoding times of the PES packets seen, in ticks of 90 kHz; −1 for those without. */
  readonly times: number[] = [];
  isScrambled = false;
  private readonly parts: Buffer[] = [];
  private gathered = 0;
  private headerLeft = 0;

  constructor(
    private readonly pid: number,
    private readonly maxBytes: number,
    private readonly maxTimes: number,
  ) {}

  /** Number of PES packets that have begun. */
  get units(): number {
    return this.times.length;
  }

  get isFull(): boolean {
    return this.gathered >= this.maxBytes;
  }

  get wantsMore(): boolean {
    return !this.isScrambled && (!this.isFull || this.times.length < this.maxTimes);
  }

  bytes(): Buffer {
    return Buffer.concat(this.parts, this.gathered);
  }

  /** Takes one packet of any PID. */
  push(buf: Buffer, at: number): void {
    if (pid(buf, at) !== this.pid || !this.wantsMore) return;
    const end = at + TS_PACKET;
    let from = payloadOffset(buf, at);
    if (from >= end) return;
    if (scrambled(buf, at)) {
      this.isScrambled = true;
      return;
    }
    if (payloadUnitStart(buf, at) && isPesStart(buf, from, end)) {
      this.isScrambled = isPesScrambled(buf, from, end);
      if (this.times.length < this.maxTimes) this.times.push(pesDecodingTime(buf, from, end));
      const variable = from + 8 < end ? byteAt(buf, from + 8) : 0;
      this.headerLeft = PES_FIXED_HEADER + variable;
    }
    if (this.times.length === 0) return;
    const skipped = Math.min(this.headerLeft, end - from);
    this.headerLeft -= skipped;
    from += skipped;
    const taken = Math.min(end - from, this.maxBytes - this.gathered);
    if (taken <= 0) return;
    this.parts.push(Buffer.from(buf.subarray(from, from + taken)));
    this.gathered += taken;
  }
}
