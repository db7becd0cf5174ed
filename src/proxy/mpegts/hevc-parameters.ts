import { BitReader, withoutEmulation } from './bit-reader';
import { skipPictureDescription } from './h264-parameters';
import { plausible, type VideoParameters } from './media-facts';

/** general_profile_idc: ISO/IEC 23008-2 annex A, with the names that ffprobe prints. */
const PROFILES: ReadonlyMap<number, string> = new Map([
  [1, 'Main'],
  [2, 'Main 10'],
  [3, 'Main Still Picture'],
  [4, 'Rext'],
]);
const SPS = 33;
const MAX_BYTES = 2048;
/** Limits of the standard. Larger values mean that the bytes are no SPS. */
const MAX_SHORT_TERM_SETS = 64;
const MAX_PICTURES_IN_SET = 16;
const MAX_LONG_TERM = 32;

/** Parses an HEVC sequence parameter set; `unit` begins with its NAL unit header. Null if it is no SPS. */
export function parseHevcParameters(unit: Buffer): VideoParameters | null {
  if (unit.length < 6 || (((unit[0] ?? 0) >> 1) & 0x3f) !== SPS) return null;
  const reader = new BitReader(withoutEmulation(unit.subarray(2, MAX_BYTES)));
  reader.skip(4);
  const subLayers = reader.bits(3);
  reader.skip(1);
  const { profile, level, interlaced } = readProfile(reader, subLayers);
  reader.unsigned();
  const chroma = reader.unsigned();
  const isSplit = chroma === 3 && reader.flag();
  let width = reader.unsigned();
  let height = reader.unsigned();
  if (reader.flag()) {
    const [left, right, top, bottom] = [0, 1, 2, 3].map(() => reader.unsigned()) as [
      number,
      number,
      number,
      number,
    ];
    const isHalfWide = !isSplit && (chroma === 1 || chroma === 2);
    width -= (left + right) * (isHalfWide ? 2 : 1);
    height -= (top + bottom) * (chroma === 1 ? 2 : 1);
  }
  if (reader.overran()) return null;
  const frameRate = readFrameRate(reader, subLayers);
  return plausible({
    profile: PROFILES.get(profile) ?? null,
    level: (level / 30).toFixed(1),
    width,
    height,
    frameRate: reader.overran() ? null : frameRate,
    interlaced,
  });
}

function readProfile(
  reader: BitReader,
  subLayers: number,
): { profile: number; level: number; interlaced: boolean } {
  reader.skip(3);
  const profile = reader.bits(5);
  reader.skip(32);
  const isProgressive = reader.flag();
  const isInterlaced = reader.flag();
  reader.skip(46);
  const level = reader.bits(8);
  const present: { profile: boolean; level: boolean }[] = [];
  for (let i = 0; i < subLayers; i++) {
    present.push({ profile: reader.flag(), level: reader.flag() });
  }
  if (subLayers > 0) reader.skip(2 * (8 - subLayers));
  for (const layer of present) reader.skip((layer.profile ? 88 : 0) + (layer.level ? 8 : 0));
  return { profile, level, interlaced: isInterlaced && !isProgressive };
}

/**
 * Frame rate from the timing in the VUI; null if the SPS contains none. All fields before it must be parsed, because
 * their length varies.
 */
function readFrameRate(reader: BitReader, subLayers: number): number | null {
  reader.unsigned();
  reader.unsigned();
  const orderBits = reader.unsigned() + 4;
  const layers = reader.flag() ? subLayers + 1 : 1;
  for (let i = 0; i < layers * 3 + 6; i++) reader.unsigned();
  if (reader.flag() && reader.flag()) skipScalingLists(reader);
  reader.skip(2);
  if (reader.flag()) {
    reader.skip(8);
    reader.unsigned();
    reader.unsigned();
    reader.skip(1);
  }
  if (!skipShortTermSets(reader)) return null;
  if (reader.flag()) {
    const count = reader.unsigned();
    if (count > MAX_LONG_TERM) return null;
    reader.skip(count * (orderBits + 1));
  }
  reader.skip(2);
  if (!reader.flag()) return null;
  skipPictureDescription(reader);
  reader.skip(3);
  if (reader.flag()) for (let i = 0; i < 4; i++) reader.unsigned();
  if (!reader.flag()) return null;
  const unitsInTick = reader.bits(32);
  const timeScale = reader.bits(32);
  return unitsInTick === 0 ? null : timeScale / unitsInTick;
}

function skipScalingLists(reader: BitReader): void {
  for (let size = 0; size < 4; size++) {
    for (let matrix = 0; matrix < 6; matrix += size === 3 ? 3 : 1) {
      if (!reader.flag()) {
        reader.unsigned();
        continue;
      }
      if (size > 1) reader.signed();
      const count = Math.min(64, 1 << (4 + (size << 1)));
      for (let i = 0; i < count && !reader.overran(); i++) reader.signed();
    }
  }
}

/** Skips the short-term reference picture sets. Returns false if they are invalid. */
function skipShortTermSets(reader: BitReader): boolean {
  const sets = reader.unsigned();
  if (sets > MAX_SHORT_TERM_SETS) return false;
  let pictures = 0;
  for (let set = 0; set < sets && !reader.overran(); set++) {
    if (set > 0 && reader.flag()) {
      reader.skip(1);
      reader.unsigned();
      let kept = 0;
      for (let i = 0; i <= pictures; i++) if (reader.flag() || reader.flag()) kept++;
      pictures = kept;
      continue;
    }
    const before = reader.unsigned();
    const after = reader.unsigned();
    if (before > MAX_PICTURES_IN_SET || after > MAX_PICTURES_IN_SET) return false;
    pictures = before + after;
    for (let i = 0; i < pictures; i++) {
      reader.unsigned();
      reader.skip(1);
    }
  }
  return !reader.overran();
}
