import { byteAt } from './packet';
import { ParameterSets, type PesStart } from './parameter-sets';
import { PES_FIXED_HEADER } from './pes';
import { PesSampling } from './pes-sampling';
import { type PsiSnapshot } from './psi-tracker';

/** Codecs whose random access points can be recognised from the payload. */
export type ProvableCodec = 'h264' | 'hevc' | 'mpeg2-video';

/** A PES packet of the stream at which a viewer might begin. */
export interface PesPlace extends PesStart {
  /** Stream position (bytes) of its first packet. */
  readonly position: number;
  /** The last complete PAT and PMT before it. */
  readonly psi: PsiSnapshot;
}

/** Bytes of a slice header that are enough for first_mb_in_slice and slice_type. */
const SLICE_HEADER = 8;
/** Bytes of a start code. */
const START_CODE = 3;
/** Bytes of a start code with the optional zero byte before it. */
const LONG_START_CODE = 4;

const H264_SLICE = 1;
const H264_PARTITION = 2;
const H264_IDR = 5;
const H264_SEI = 6;
const H264_SPS = 7;
const H264_PPS = 8;
const H264_DELIMITER = 9;
/** First of the types that begin an access unit after a picture: prefix, subset SPS and reserved types. */
const H264_FIRST_BEGINS_ACCESS_UNIT = 14;
const H264_LAST_BEGINS_ACCESS_UNIT = 18;

const HEVC_FIRST_IRAP = 16;
const HEVC_LAST_IRAP = 21;
const HEVC_LAST_SLICE = 31;
const HEVC_VPS = 32;
const HEVC_PPS = 34;
const HEVC_DELIMITER = 35;
const HEVC_PREFIX_SEI = 39;
/**
 * Ranges of types that begin an access unit after a picture: parameter sets, delimiter, prefix SEI and reserved
 * types.
 */
const HEVC_BEGINS_ACCESS_UNIT: readonly (readonly [number, number])[] = [
  [HEVC_VPS, HEVC_DELIMITER],
  [HEVC_PREFIX_SEI, HEVC_PREFIX_SEI],
  [41, 44],
  [48, 55],
];

const MPEG2_PICTURE = 0x00;
const MPEG2_SEQUENCE = 0xb3;
const MPEG2_EXTENSION = 0xb5;
const MPEG2_GROUP = 0xb8;
const MPEG2_INTRA = 1;

const SEI_RECOVERY_POINT = 6;

/** Number of kinds of parameter sets per codec: SPS and PPS; VPS, SPS and PPS; sequence headers. */
const KINDS = { h264: 2, hevc: 3, 'mpeg2-video': 1 } as const;

/**
 * A NAL unit here is also what follows a start code of MPEG-2.
 *
 *   search   → unit                                          a start code (00 00 01) has ended
 *   unit     → search | header | sei-type | slice | picture   depending on the type of the NAL unit
 *   header   → sei-type | slice                              the second header byte of HEVC was read
 *   sei-type → sei-size → sei-skip → sei-type …              one SEI message after the other
 *   slice, picture → search                                  it is decided whether decoding can begin
 *
 * A start code leads to `unit` from every phase.
 */
type Phase =
  'search' | 'unit' | 'header' | 'sei-type' | 'sei-size' | 'sei-skip' | 'slice' | 'picture';

/**
 * Finds the access units of a video stream at which decoding can begin. H.264: an IDR picture, a recovery point SEI,
 * or an I slice with its own SPS and PPS. HEVC: an IRAP picture or a recovery point SEI. MPEG-2: an I picture after a
 * sequence header. Access units differ from PES packets: a PES packet may contain several, and an access unit may
 * begin anywhere in one and extend over many.
 */
export class RandomAccessDetector {
  /** The PES packet in which the last recognised access unit begins. */
  point: PesPlace | null = null;
  /** True if no part of an earlier access unit precedes that access unit in its PES packet. */
  isFirstInPes = false;
  /** Parameter sets that the access unit needs but does not contain; null if it contains them. */
  parameters: Buffer | null = null;
  private readonly sets: ParameterSets;
  /** The current PES packet. */
  private current: PesPlace | null = null;
  /** The PES packet before the current one. */
  private before: PesPlace | null = null;
  private readonly sampling = new PesSampling();
  /** True if an access unit has begun in the current PES packet. */
  private hasUnit = false;
  private headerSeen = 0;
  private headerLeft = 0;
  /** Number of payload bytes of the current PES packet that were in earlier buffers. */
  private passed = 0;

  private phase: Phase = 'search';
  private zeros = 0;
  /** The PES packet in which the last start code began. */
  private codePlace: PesPlace | null = null;
  /** True if that start code was the first content of its PES packet. */
  private isCodeFirst = false;
  private isParameter = false;
  private isKeySlice = false;
  private isSei = false;
  private seiType = 0;
  private seiLeft = 0;
  /** Number of bytes in `sliceHeader`. */
  private taken = 0;
  private readonly sliceHeader = new Uint8Array(SLICE_HEADER);

  /** The PES packet in which the current access unit begins. */
  private unitPlace: PesPlace | null = null;
  /** True if it begins with the first content of that PES packet. */
  private isUnitFirst = false;
  /** True once its first slice or picture was seen. */
  private isCoded = true;
  private hasRecoveryPoint = false;
  private hasGroup = false;
  private inSequence = false;
  private lastTemporal = -1;

  constructor(private readonly codec: ProvableCodec) {
    this.sets = new ParameterSets(KINDS[codec]);
  }

  /** The current parameter sets, needed to begin anywhere; null while none are known. */
  get knownParameters(): Buffer | null {
    return this.sets.bytes;
  }

  /**
   * True if the rest of the PES packet may contain another access unit, or is needed to decide about the current one.
   */
  get wantsMore(): boolean {
    return this.sampling.isWhole || !this.hasUnit || !this.isCoded;
  }

  /** Begins a PES packet: the next byte passed to `feed` is its first. */
  begin(place: PesPlace): void {
    if (!this.sampling.isWhole) this.gap();
    this.sampling.begin();
    this.hasUnit = false;
    this.before = this.current;
    this.current = place;
    this.headerSeen = 0;
    this.headerLeft = 0;
    this.passed = 0;
  }

  /** Call when bytes were lost: neither a start code nor a NAL unit can continue across the loss. */
  gap(): void {
    this.phase = 'search';
    this.zeros = 0;
    this.isParameter = false;
    this.sets.gap();
  }

  /**
   * Takes the next bytes `buf[from..to)` of the PES packet, header included. True if they prove a random access point.
   */
  feed(buf: Buffer, from: number, to: number): boolean {
    this.point = null;
    let at = this.skipHeader(buf, from, to);
    const origin = at - this.passed;
    this.passed += to - at;
    let parameterFrom = at;
    while (at < to) {
      if (this.phase === 'unit') {
        parameterFrom = at;
        this.unit(byteAt(buf, at++));
        continue;
      }
      if (this.phase === 'search' && this.zeros === 0) at = this.skipToStartCode(buf, at, to);
      else this.take(byteAt(buf, at++));
      // Only a start code leads to this phase.
      if ((this.phase as Phase) !== 'unit') continue;
      const code = at - origin;
      this.codePlace = code < START_CODE ? this.before : this.current;
      this.isCodeFirst = code >= START_CODE && code <= LONG_START_CODE;
      if (!this.isParameter) continue;
      this.isParameter = false;
      this.sets.take(buf, parameterFrom, at - 1);
      this.sets.end();
    }
    if (this.isParameter) this.sets.take(buf, parameterFrom, to);
    // Re-widen the type that control flow analysis narrowed before the calls.
    return (this.point as PesPlace | null) !== null;
  }

  /**
   * Passes over the next `bytes` of the PES packet, which contain no start code and do not end with a zero byte.
   * Returns false if they must be passed to `feed` instead, because the detector reads the content of the current NAL
   * unit.
   */
  skip(bytes: number): boolean {
    if (this.phase !== 'search' || this.zeros > 0 || this.isParameter) return false;
    if (this.headerSeen < PES_FIXED_HEADER || this.headerLeft > 0) return false;
    this.passed += bytes;
    return true;
  }

  private skipHeader(buf: Buffer, from: number, to: number): number {
    if (this.headerSeen >= PES_FIXED_HEADER && this.headerLeft === 0) return from;
    let at = from;
    while (this.headerSeen < PES_FIXED_HEADER && at < to) {
      this.headerLeft = byteAt(buf, at++);
      this.headerSeen++;
    }
    if (this.headerSeen < PES_FIXED_HEADER) return at;
    const skipped = Math.min(this.headerLeft, to - at);
    this.headerLeft -= skipped;
    return at + skipped;
  }

  /** Hot path: usually one byte in three is enough to see that no start code is near. */
  private skipToStartCode(buf: Buffer, from: number, to: number): number {
    let at = from + 2;
    while (at < to) {
      const byte = buf[at] as number;
      if (byte > 1) at += 3;
      else if (byte === 0) at++;
      else if (buf[at - 1] === 0 && buf[at - 2] === 0) {
        this.phase = 'unit';
        return at + 1;
      } else at += 3;
    }
    if (buf[to - 1] === 0) this.zeros = to - 2 >= from && buf[to - 2] === 0 ? 2 : 1;
    return to;
  }

  private take(byte: number): void {
    if (this.zeros >= 2 && byte === 1) {
      this.phase = 'unit';
      this.zeros = 0;
      return;
    }
    // Emulation prevention bytes are not content.
    const isContent = this.zeros < 2 || byte !== 3;
    this.zeros = byte === 0 ? this.zeros + 1 : 0;
    if (isContent && this.phase !== 'search') this.step(byte);
  }

  private step(byte: number): void {
    switch (this.phase) {
      case 'header':
        this.phase = this.isSei ? 'sei-type' : 'slice';
        break;
      case 'sei-type':
        this.seiType += byte;
        if (byte === 0xff) break;
        if (this.seiType === SEI_RECOVERY_POINT) this.hasRecoveryPoint = true;
        this.phase = this.hasRecoveryPoint ? 'search' : 'sei-size';
        this.seiLeft = 0;
        break;
      case 'sei-size':
        this.seiLeft += byte;
        if (byte === 0xff) break;
        this.seiType = 0;
        this.phase = this.seiLeft === 0 ? 'sei-type' : 'sei-skip';
        break;
      case 'sei-skip':
        if (--this.seiLeft === 0) this.phase = 'sei-type';
        break;
      case 'slice':
        this.slice(byte);
        break;
      case 'picture':
        this.sliceHeader[this.taken++] = byte;
        if (this.taken === 2) this.picture();
        break;
      case 'search':
      case 'unit':
    }
  }

  /** Handles the byte after a start code, which contains the type of the NAL unit. */
  private unit(byte: number): void {
    this.phase = 'search';
    switch (this.codec) {
      case 'h264':
        this.h264Unit(byte & 0x1f);
        break;
      case 'hevc':
        this.hevcUnit((byte >> 1) & 0x3f);
        break;
      case 'mpeg2-video':
        this.mpeg2Unit(byte);
    }
  }

  private h264Unit(type: number): void {
    if (type === H264_SLICE || type === H264_PARTITION || type === H264_IDR) {
      this.beginSlice(type === H264_IDR);
      return;
    }
    const beginsAccessUnit =
      (type >= H264_SEI && type <= H264_DELIMITER) ||
      (type >= H264_FIRST_BEGINS_ACCESS_UNIT && type <= H264_LAST_BEGINS_ACCESS_UNIT);
    if (beginsAccessUnit) this.continueUnit();
    if (type === H264_SEI) this.beginSei('sei-type');
    else if (type === H264_SPS || type === H264_PPS) this.beginParameter(type - H264_SPS);
  }

  private hevcUnit(type: number): void {
    if (type <= HEVC_LAST_SLICE) {
      this.beginSlice(type >= HEVC_FIRST_IRAP && type <= HEVC_LAST_IRAP);
      return;
    }
    if (HEVC_BEGINS_ACCESS_UNIT.some(([first, last]) => type >= first && type <= last))
      this.continueUnit();
    if (type === HEVC_PREFIX_SEI) this.beginSei('header');
    else if (type >= HEVC_VPS && type <= HEVC_PPS) this.beginParameter(type - HEVC_VPS);
  }

  private mpeg2Unit(code: number): void {
    if (code === MPEG2_EXTENSION) {
      if (this.inSequence) this.beginParameter(0);
      return;
    }
    if (code !== MPEG2_SEQUENCE && code !== MPEG2_GROUP && code !== MPEG2_PICTURE) return;
    this.continueUnit();
    this.inSequence = code === MPEG2_SEQUENCE;
    if (code === MPEG2_SEQUENCE) this.beginParameter(0);
    else if (code === MPEG2_GROUP) this.hasGroup = true;
    else {
      this.phase = 'picture';
      this.taken = 0;
    }
  }

  /**
   * Handles a NAL unit that can precede a picture. It begins an access unit if the current one already has its
   * picture.
   */
  private continueUnit(): void {
    if (this.isCoded) this.beginUnit();
  }

  private beginUnit(): void {
    this.unitPlace = this.codePlace;
    this.isUnitFirst = this.isCodeFirst;
    this.hasUnit = true;
    if (!this.isCodeFirst) this.sampling.foundInside();
    this.isCoded = false;
    this.hasRecoveryPoint = false;
    this.hasGroup = false;
    this.sets.beginAccessUnit();
  }

  private beginParameter(kind: number): void {
    this.isParameter = true;
    this.sets.begin(kind);
  }

  private beginSei(phase: Phase): void {
    this.isSei = true;
    this.seiType = 0;
    this.phase = phase;
  }

  private beginSlice(isKey: boolean): void {
    this.isKeySlice = isKey;
    this.isSei = false;
    this.taken = 0;
    if (this.isCoded && !this.isNewPes()) {
      // The first bit of the slice header tells whether the slice begins another picture.
      this.phase = this.codec === 'hevc' ? 'header' : 'slice';
      return;
    }
    this.continueUnit();
    this.firstSlice();
  }

  /**
   * True if a slice at the start of a PES packet begins an access unit: the PES packet has another timestamp than the
   * current access unit.
   */
  private isNewPes(): boolean {
    if (!this.isCodeFirst || this.codePlace === null) return false;
    return this.codePlace.pts < 0 || this.codePlace.pts !== this.unitPlace?.pts;
  }

  /**
   * Decides about an access unit at its first slice. For an H.264 access unit with its own SPS and PPS, the type of
   * that slice must be read first.
   */
  private firstSlice(): void {
    if (this.isKeySlice || this.hasRecoveryPoint) this.decide(true);
    else if (this.codec === 'h264' && this.sets.isComplete) this.phase = 'slice';
    else this.decide(false);
  }

  private slice(byte: number): void {
    if (this.isCoded) {
      this.phase = 'search';
      if ((byte & 0x80) === 0) return;
      this.beginUnit();
      this.firstSlice();
      if (this.isCoded as boolean) return;
    }
    this.sliceHeader[this.taken++] = byte;
    const type = sliceTypeOf(this.sliceHeader, this.taken * 8);
    if (type < 0 && this.taken < SLICE_HEADER) return;
    this.decide(type === 2 || type === 4 || type === 7 || type === 9);
  }

  private picture(): void {
    const [high = 0, low = 0] = this.sliceHeader;
    const temporal = (high << 2) | (low >> 6);
    const hasSequence = this.sets.isRenewed(0);
    // Decoding cannot begin at the second field of a picture.
    const isSecond = temporal === this.lastTemporal && !hasSequence && !this.hasGroup;
    this.lastTemporal = temporal;
    const isIntra = ((low >> 3) & 7) === MPEG2_INTRA;
    this.decide(isIntra && !isSecond && (hasSequence || this.sets.bytes !== null));
  }

  private decide(isPoint: boolean): void {
    this.isCoded = true;
    this.phase = 'search';
    if (!isPoint || this.point !== null) return;
    this.point = this.unitPlace;
    this.sampling.foundPoint();
    this.isFirstInPes = this.isUnitFirst;
    this.parameters = this.sets.isComplete ? null : this.sets.bytes;
  }
}

/** slice_type, the second Exp-Golomb code of an H.264 slice header; −1 if `bits` do not contain it. */
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
