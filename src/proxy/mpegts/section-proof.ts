import { byteAt } from './packet';
import { CRC_BYTES, crc32Mpeg } from './psi';

/**
 * A section with a wrong CRC is trusted after this many equal copies, because transmission damage differs from copy
 * to copy.
 */
export const PROVING_COPIES = 3;
/** Maximum number of sections whose last copy is kept; the oldest are dropped. */
const MAX_SECTIONS = 128;
const CURRENT = 0x01;

interface Copies {
  readonly content: Buffer;
  count: number;
}

/** Counts equal copies of each section, so that reliable sections can be told from damaged ones. */
export class SectionProof {
  private readonly seen = new Map<string, Copies>();

  /**
   * Takes a section of `pid`. Returns how many times in a row it has arrived with this content; the CRC is not
   * compared.
   */
  take(pid: number, section: Buffer): number {
    const name = `${pid} ${byteAt(section, 0)} ${section.readUInt16BE(3)} ${byteAt(section, 6)}`;
    const content = section.subarray(0, section.length - CRC_BYTES);
    const known = this.seen.get(name);
    if (known?.content.equals(content) === true) return ++known.count;
    this.seen.delete(name);
    this.seen.set(name, { content: Buffer.from(content), count: 1 });
    if (this.seen.size > MAX_SECTIONS) {
      const [oldest = ''] = this.seen.keys();
      this.seen.delete(oldest);
    }
    return 1;
  }
}

/** A copy of the section that is marked as current and as section `number` of `count`, with a correct CRC. */
export function rectified(section: Buffer, number: number, count: number): Buffer {
  const right = Buffer.from(section);
  right[5] = byteAt(right, 5) | CURRENT;
  right[6] = number;
  right[7] = count - 1;
  const crcAt = right.length - CRC_BYTES;
  right.writeUInt32BE(crc32Mpeg(right, 0, crcAt), crcAt);
  return right;
}
