import { byteAt } from './packet';

/**
 * Reads bits in order. After the end all bits are 0 and `overran` is true. A parser therefore always finishes,
 * whatever the bytes are, and then knows that its result is invalid.
 */
export class BitReader {
  private at = 0;
  private isOverrun = false;

  constructor(private readonly bytes: Buffer) {}

  /** True if bits after the end were read. */
  overran(): boolean {
    return this.isOverrun;
  }

  /** The next `count` bits, at most 32, as an unsigned number. */
  bits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) value = value * 2 + this.bit();
    return value;
  }

  flag(): boolean {
    return this.bit() === 1;
  }

  skip(count: number): void {
    this.at += count;
    if (this.at > this.bytes.length * 8) this.isOverrun = true;
  }

  /** Exp-Golomb code of an unsigned number (H.264 and HEVC, §9.1 and §9.2). */
  unsigned(): number {
    let zeros = 0;
    while (this.bit() === 0) {
      zeros++;
      if (zeros > 32 || this.isOverrun) {
        this.isOverrun = true;
        return 0;
      }
    }
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** Exp-Golomb code of a signed number. */
  signed(): number {
    const code = this.unsigned();
    return code % 2 === 1 ? (code + 1) / 2 : -code / 2;
  }

  private bit(): number {
    const index = this.at >> 3;
    if (index >= this.bytes.length) {
      this.isOverrun = true;
      return 0;
    }
    const bit = (byteAt(this.bytes, index) >> (7 - (this.at & 7))) & 1;
    this.at++;
    return bit;
  }
}

/** The NAL unit without its emulation prevention bytes (03). */
export function withoutEmulation(unit: Buffer): Buffer {
  const plain = Buffer.alloc(unit.length);
  let zeros = 0;
  let length = 0;
  for (let at = 0; at < unit.length; at++) {
    const byte = byteAt(unit, at);
    if (zeros >= 2 && byte === 3) {
      zeros = 0;
      continue;
    }
    zeros = byte === 0 ? zeros + 1 : 0;
    plain[length++] = byte;
  }
  return plain.subarray(0, length);
}
