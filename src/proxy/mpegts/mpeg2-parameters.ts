import { BitReader } from './bit-reader';
import { plausible, type VideoParameters } from './media-facts';

const SEQUENCE = 0xb3;
const EXTENSION = 0xb5;
const SEQUENCE_EXTENSION = 1;

/** frame_rate_code: ISO/IEC 13818-2 table 6-4. */
const RATES = [0, 24_000 / 1001, 24, 25, 30_000 / 1001, 30, 50, 60_000 / 1001, 60];
const PROFILES: ReadonlyMap<number, string> = new Map([
  [1, 'High'],
  [2, 'Spatially Scalable'],
  [3, 'SNR Scalable'],
  [4, 'Main'],
  [5, 'Simple'],
]);
const LEVELS: ReadonlyMap<number, string> = new Map([
  [4, 'High'],
  [6, 'High 1440'],
  [8, 'Main'],
  [10, 'Low'],
]);

/**
 * Parses an MPEG-1 or MPEG-2 sequence header. `header` begins with the last byte of its start code. `extension`, if
 * there is one, is what follows after the next start code, in the same form. Null if `header` is no sequence header.
 */
export function parseMpeg2Parameters(
  header: Buffer,
  extension: Buffer | null,
): VideoParameters | null {
  if (header.length < 8 || header[0] !== SEQUENCE) return null;
  const reader = new BitReader(header.subarray(1));
  const width = reader.bits(12);
  const height = reader.bits(12);
  reader.skip(4);
  const rate = RATES[reader.bits(4)] ?? 0;
  const isExtended = extension !== null && extension.length >= 7 && extension[0] === EXTENSION;
  const more = isExtended ? new BitReader(extension.subarray(1)) : null;
  if (more?.bits(4) !== SEQUENCE_EXTENSION) {
    // MPEG-1 has neither profiles nor fields.
    const frameRate = rate === 0 ? null : rate;
    return plausible({ profile: null, level: null, width, height, frameRate, interlaced: false });
  }
  const isEscaped = more.flag();
  const profile = more.bits(3);
  const level = more.bits(4);
  const interlaced = !more.flag();
  more.skip(2);
  const moreWidth = more.bits(2);
  const moreHeight = more.bits(2);
  more.skip(22);
  const numerator = more.bits(2) + 1;
  const denominator = more.bits(5) + 1;
  return plausible({
    profile: isEscaped ? '4:2:2' : (PROFILES.get(profile) ?? null),
    level: isEscaped ? null : (LEVELS.get(level) ?? null),
    width: moreWidth * 4096 + width,
    height: moreHeight * 4096 + height,
    frameRate: rate === 0 ? null : (rate * numerator) / denominator,
    interlaced,
  });
}
