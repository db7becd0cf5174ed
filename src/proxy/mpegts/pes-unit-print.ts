import { ElementaryStreamTap } from './elementary-stream';
import { payloadUnitStart, pid as pidOf, TS_PACKET } from './packet';

/** Fingerprint of one PES packet. The same fingerprint again means that the same content was repeated. */
export interface PesUnitPrint {
  /** Decoding time in ticks of 90 kHz. */
  readonly ticks: number;
  /** 53 bits that depend on time and content. */
  readonly print: number;
}

/** Number of content bytes that are hashed. */
const PRINT_BYTES = 8 * 1024;
/**
 * Number of bytes, of all PIDs, that are searched for the end of the PES packet. After that, the bytes found so far
 * are hashed.
 */
const MAX_SEARCHED = 512 * 1024;

/**
 * The fingerprint of the first PES packet of `pid` in `runs` (whole packets). `incomplete` while more packets are
 * needed; null if the PES packet has no decoding time or is scrambled.
 */
export function pesUnitPrint(
  runs: Iterable<Buffer>,
  pid: number,
): PesUnitPrint | 'incomplete' | null {
  // The first PES packet is complete when the second one begins. Bytes of the second one must not be hashed.
  const tap = new ElementaryStreamTap(pid, PRINT_BYTES, 2);
  let searched = 0;
  let bytes: Buffer | null = null;
  search: for (const run of runs) {
    for (let at = 0; at + TS_PACKET <= run.length; at += TS_PACKET) {
      const mayEnd = tap.units === 1 && payloadUnitStart(run, at) && pidOf(run, at) === pid;
      const gathered = mayEnd ? tap.bytes() : null;
      tap.push(run, at);
      if (tap.isScrambled) return null;
      if (tap.units === 2) {
        bytes = gathered;
        break search;
      }
      searched += TS_PACKET;
      if (tap.isFull || searched >= MAX_SEARCHED) {
        bytes = tap.bytes();
        break search;
      }
    }
  }
  if (bytes === null) return 'incomplete';
  const ticks = tap.times[0] ?? -1;
  return ticks < 0 ? null : { ticks, print: hash(bytes, ticks) };
}

/** Computes two FNV-like hashes of 32 bits and keeps 53 of these bits. */
function hash(bytes: Buffer, ticks: number): number {
  let a = 0x811c9dc5 ^ (ticks % 0x100000000);
  let b = 0x9747b28c ^ Math.floor(ticks / 0x10000);
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    a = Math.imul(a ^ byte, 0x01000193);
    b = Math.imul(b + byte, 0x85ebca6b) ^ (b >>> 13);
  }
  return (a >>> 0) * 0x200000 + ((b >>> 0) & 0x1fffff);
}
