import { byteAt } from './packet';
import { PES_FIXED_HEADER } from './pes';

/** Codecs whose random access points are proved from the payload. */
export type ProvableCodec = 'h264' | 'hevc' | 'mpeg2-video';

/** `point`: decoding can begin at this PES; `none`: it cannot; `pending`: more payload is needed. */
export type Verdict = 'pending' | 'point' | 'none';

/** How much of a PES is searched; what decides stands at its beginning. */
const MAX_SEARCHED = 64 * 1024;
/** Bytes of a slice header that hold first_mb_in_slice and slice_type, with room to spare. */
const SLICE_HEADER = 8;

const H264_SLICE = 1;
const H264_IDR = 5;
const H264_SEI = 6;
const H264_SPS = 7;
const H264_PPS = 8;
const SEI_RECOVERY_POINT = 6;

const HEVC_FIRST_IRAP = 16;
const HEVC_LAST_IRAP = 21;
const HEVC_LAST_SLICE = 31;

const MPEG2_PICTURE = 0x00;
const MPEG2_LAST_SLICE = 0xaf;
const MPEG2_SEQUENCE = 0xb3;
const MPEG2_INTRA = 1;

/**
 *   search     → unit                        a start code (00 00 01) ends
 *   unit       → search | sei-type | slice | picture   by the unit's type, or a verdict
 *   sei-type   → sei-size → sei-skip → sei-type …       one message after the other
 *   slice, picture → verdict
 * A start code leads to `unit` from everywhere.
 */
type Phase = 'search' | 'unit' | 'sei-type' | 'sei-size' | 'sei-skip' | 'slice' | 'picture';

/**
 * Decides whether the PES packet it is fed begins with a random access point (datapath rule 11):
 * H.264 IDR, recovery point SEI, or SPS, PPS and an I slice; HEVC IRAP; MPEG-2 sequence header and I
 * picture. The first coded slice or picture decides, so a verdict seldom needs more than two packets.
 */
export class RandomAccessDetector {
  private headerSeen = 0;
  private headerLeft = 0;
  private searched = 0;
  private phase: Phase = 'search';
  private zeros = 0;
  /** SPS of H.264, sequence header of MPEG-2. */
  private parameters = false;
  private pictureParameters = false;
  private seiType = 0;
  private seiLeft = 0;
  private taken = 0;
  private readonly sliceHeader = new Uint8Array(SLICE_HEADER);

  constructor(private readonly codec: ProvableCodec) {}

  /** A PES packet begins: the next byte fed is its first. */
  begin(): void {
    this.headerSeen = 0;
    this.headerLeft = 0;
    this.searched = 0;
    this.parameters = false;
    this.pictureParameters = false;
    this.gap();
  }

  /** Bytes were lost: a start code cannot straddle this place, nor can a unit go on. */
  gap(): void {
    this.phase = 'search';
    this.zeros = 0;
  }

  /** Takes the next bytes `buf[from..to)` of the PES packet, header included. */
  feed(buf: Buffer, from: number, to: number): Verdict {
    let at = this.skipHeader(buf, from, to);
    this.searched += to - at;
    for (; at < to; at++) {
      const byte = byteAt(buf, at);
      if (this.zeros >= 2 && byte <= 3) {
        if (byte === 1) {
          this.phase = 'unit';
          this.zeros = 0;
          continue;
        }
        if (byte === 3) {
          // Emulation prevention: not part of the unit's content.
          this.zeros = 0;
          continue;
        }
      }
      this.zeros = byte === 0 ? this.zeros + 1 : 0;
      if (this.phase === 'search') continue;
      const verdict = this.step(byte);
      if (verdict !== 'pending') return verdict;
    }
    return this.searched >= MAX_SEARCHED ? 'none' : 'pending';
  }

  private skipHeader(buf: Buffer, from: number, to: number): number {
    let at = from;
    while (this.headerSeen < PES_FIXED_HEADER && at < to) {
      this.headerLeft = byteAt(buf, at++);
      this.headerSeen++;
    }
    if (this.headerSeen < PES_FIXED_HEADER || this.headerLeft === 0) return at;
    const skipped = Math.min(this.headerLeft, to - at);
    this.headerLeft -= skipped;
    return at + skipped;
  }

  private step(byte: number): Verdict {
    switch (this.phase) {
      case 'search':
        return 'pending';
      case 'unit':
        this.phase = 'search';
        return this.unit(byte);
      case 'sei-type':
        this.seiType += byte;
        if (byte === 0xff) return 'pending';
        if (this.seiType === SEI_RECOVERY_POINT) return 'point';
        this.phase = 'sei-size';
        this.seiLeft = 0;
        return 'pending';
      case 'sei-size':
        this.seiLeft += byte;
        if (byte === 0xff) return 'pending';
        this.seiType = 0;
        this.phase = this.seiLeft === 0 ? 'sei-type' : 'sei-skip';
        return 'pending';
      case 'sei-skip':
        if (--this.seiLeft === 0) this.phase = 'sei-type';
        return 'pending';
      case 'slice':
        return this.slice(byte);
      case 'picture':
        if (++this.taken < 2) return 'pending';
        return ((byte >> 3) & 7) === MPEG2_INTRA ? 'point' : 'none';
    }
  }

  /** The byte behind a start code: what begins here. */
  private unit(byte: number): Verdict {
    switch (this.codec) {
      case 'h264':
        return this.h264Unit(byte & 0x1f);
      case 'hevc': {
        const type = (byte >> 1) & 0x3f;
        if (type > HEVC_LAST_SLICE) return 'pending';
        return type >= HEVC_FIRST_IRAP && type <= HEVC_LAST_IRAP ? 'point' : 'none';
      }
      case 'mpeg2-video':
        // A start code's own byte 00 is no zero of the next one.
        this.zeros = 0;
        if (byte === MPEG2_SEQUENCE) this.parameters = true;
        if (byte > MPEG2_LAST_SLICE) return 'pending';
        if (byte !== MPEG2_PICTURE || !this.parameters) return 'none';
        this.phase = 'picture';
        this.taken = 0;
        return 'pending';
    }
  }

  private h264Unit(type: number): Verdict {
    switch (type) {
      case H264_IDR:
        return 'point';
      case H264_SEI:
        this.phase = 'sei-type';
        this.seiType = 0;
        return 'pending';
      case H264_SPS:
        this.parameters = true;
        return 'pending';
      case H264_PPS:
        this.pictureParameters = true;
        return 'pending';
      case H264_SLICE:
        if (!this.parameters || !this.pictureParameters) return 'none';
        this.phase = 'slice';
        this.taken = 0;
        return 'pending';
      default:
        // Types 2 to 4 are data partitions, which no intra picture of the field uses.
        return type >= 2 && type <= 4 ? 'none' : 'pending';
    }
  }

  private slice(byte: number): Verdict {
    this.sliceHeader[this.taken++] = byte;
    const type = sliceTypeOf(this.sliceHeader, this.taken * 8);
    if (type < 0) return this.taken < SLICE_HEADER ? 'pending' : 'none';
    return type === 2 || type === 4 || type === 7 || type === 9 ? 'point' : 'none';
  }
}

/** slice_type: the second Exp-Golomb code of an H.264 slice header; −1 when `bits` do not hold it. */
export function sliceTypeOf(header: Uint8Array, bits: number): number {
  let at = 0;
  let value = -1;
  for (let code = 0; code < 2; code++) {
    let zeros = 0;
    while (at < bits && bitAt(header, at) === 0) {
      zeros++;
      at++;
    }
    if (at + 1 + zeros > bits) return -1;
    value = 0;
    for (let end = at + 1 + zeros; at < end; at++) value = value * 2 + bitAt(header, at);
    value -= 1;
  }
  return value;
}

function bitAt(bytes: Uint8Array, index: number): number {
  return ((bytes[index >> 3] as number) >> (7 - (index & 7))) & 1;
}
