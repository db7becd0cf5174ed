import { BitReader, withoutEmulation } from './bit-reader';
import { plausible, type VideoParameters } from './media-facts';

/** profile_idc: ISO/IEC 14496-10 annex A, with the names that ffprobe prints. */
const PROFILES: ReadonlyMap<number, string> = new Map([
  [44, 'CAVLC 4:4:4'],
  [66, 'Baseline'],
  [77, 'Main'],
  [88, 'Extended'],
  [100, 'High'],
  [110, 'High 10'],
  [122, 'High 4:2:2'],
  [244, 'High 4:4:4 Predictive'],
]);
/** Profiles whose SPS contains the chroma format. */
const WITH_CHROMA = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);
const BASELINE = 66;
/** No sane SPS is longer, even with scaling lists. */
const MAX_BYTES = 1024;
const EXTENDED_SAR = 255;

/** Parses an H.264 sequence parameter set; `unit` begins with its NAL unit header. Null if it is no SPS. */
export function parseH264Parameters(unit: Buffer): VideoParameters | null {
  if (unit.length < 5 || ((unit[0] ?? 0) & 0x1f) !== 7) return null;
  const reader = new BitReader(withoutEmulation(unit.subarray(1, MAX_BYTES)));
  const profile = reader.bits(8);
  const constraints = reader.bits(8);
  const level = reader.bits(8);
  reader.unsigned();
  const chroma = WITH_CHROMA.has(profile) ? readChroma(reader) : 1;
  reader.unsigned();
  skipPictureOrder(reader);
  reader.unsigned();
  reader.skip(1);
  const widthInBlocks = reader.unsigned() + 1;
  const heightInUnits = reader.unsigned() + 1;
  const framesOnly = reader.flag();
  if (!framesOnly) reader.skip(1);
  reader.skip(1);
  const fields = framesOnly ? 1 : 2;
  let width = widthInBlocks * 16;
  let height = heightInUnits * 16 * fields;
  if (reader.flag()) {
    const [left, right, top, bottom] = [0, 1, 2, 3].map(() => reader.unsigned()) as [
      number,
      number,
      number,
      number,
    ];
    width -= (left + right) * (chroma === 1 || chroma === 2 ? 2 : 1);
    height -= (top + bottom) * (chroma === 1 ? 2 : 1) * fields;
  }
  if (reader.overran()) return null;
  const frameRate = reader.flag() ? readFrameRate(reader) : null;
  const isConstrained = profile === BASELINE && (constraints & 0x40) !== 0;
  return plausible({
    profile: isConstrained ? 'Constrained Baseline' : (PROFILES.get(profile) ?? null),
    level: (level / 10).toFixed(1),
    width,
    height,
    frameRate: reader.overran() ? null : frameRate,
    interlaced: !framesOnly,
  });
}

/** chroma_format_idc; 0 if the planes are coded separately. */
function readChroma(reader: BitReader): number {
  let chroma = reader.unsigned();
  if (chroma === 3 && reader.flag()) chroma = 0;
  reader.unsigned();
  reader.unsigned();
  reader.skip(1);
  if (!reader.flag()) return chroma;
  for (let list = 0; list < (chroma === 3 ? 12 : 8); list++) {
    if (reader.flag()) skipScalingList(reader, list < 6 ? 16 : 64);
  }
  return chroma;
}

function skipScalingList(reader: BitReader, size: number): void {
  let last = 8;
  let next = 8;
  for (let i = 0; i < size && !reader.overran(); i++) {
    if (next !== 0) next = (last + reader.signed() + 256) % 256;
    if (next !== 0) last = next;
  }
}

function skipPictureOrder(reader: BitReader): void {
  const type = reader.unsigned();
  if (type === 0) reader.unsigned();
  if (type !== 1) return;
  reader.skip(1);
  reader.signed();
  reader.signed();
  const cycle = Math.min(reader.unsigned(), 255);
  for (let i = 0; i < cycle && !reader.overran(); i++) reader.signed();
}

/** Frame rate from the timing in the VUI, which counts fields; null if the SPS contains none. */
function readFrameRate(reader: BitReader): number | null {
  skipPictureDescription(reader);
  if (!reader.flag()) return null;
  const unitsInTick = reader.bits(32);
  const timeScale = reader.bits(32);
  return unitsInTick === 0 ? null : timeScale / (2 * unitsInTick);
}

/**
 * Skips the beginning of the VUI, which is the same in H.264 and HEVC: aspect ratio, overscan, signal type, chroma
 * location.
 */
export function skipPictureDescription(reader: BitReader): void {
  if (reader.flag() && reader.bits(8) === EXTENDED_SAR) reader.skip(32);
  if (reader.flag()) reader.skip(1);
  if (reader.flag()) {
    reader.skip(4);
    if (reader.flag()) reader.skip(24);
  }
  if (reader.flag()) {
    reader.unsigned();
    reader.unsigned();
  }
}
