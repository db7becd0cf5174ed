import { BitReader } from './bit-reader';
import { byteAt } from './packet';
import { type AudioParameters } from './media-facts';
import { type StreamCodec } from './stream-codec';

/** sampling_frequency_index: ISO/IEC 14496-3 table 1.16. */
const AAC_RATES = [
  96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8000,
  7350,
];
const AAC_CHANNELS = [null, 1, 2, 3, 4, 5, 6, 8];
const AAC_PROFILES: ReadonlyMap<number, string> = new Map([
  [1, 'Main'],
  [2, 'LC'],
  [3, 'SSR'],
  [4, 'LTP'],
  [5, 'HE-AAC'],
  [29, 'HE-AACv2'],
]);
const SBR = 5;
const PS = 29;

const MPEG_RATES = [44_100, 48_000, 32_000];
const AC3_RATES = [48_000, 44_100, 32_000];
/** Full channels by acmod: ETSI TS 102 366 table 4.3. */
const AC3_CHANNELS = [2, 1, 2, 3, 3, 4, 4, 5];
const LAST_AC3_BSID = 10;
const LAST_EAC3_BSID = 16;

/** A frame begins within this many bytes in any sane stream. */
const MAX_SEARCHED = 8 * 1024;

type FrameParser = (bytes: Buffer) => AudioParameters | null;

/** Parameters of the first frame in `bytes` of an elementary stream; null if none is recognised. */
export function findAudioParameters(codec: StreamCodec, bytes: Buffer): AudioParameters | null {
  const parse = PARSERS[codec];
  if (parse === undefined) return null;
  const end = Math.min(bytes.length - 1, MAX_SEARCHED);
  for (let at = 0; at < end; at++) {
    const first = byteAt(bytes, at);
    // Every sync word begins with one of these.
    if (first !== 0xff && first !== 0x0b && first !== 0x56) continue;
    const facts = parse(bytes.subarray(at));
    if (facts !== null) return facts;
  }
  return null;
}

const PARSERS: Readonly<Partial<Record<StreamCodec, FrameParser>>> = {
  aac: parseAdts,
  'aac-latm': parseLatm,
  mp2: parseMpegAudio,
  ac3: parseAc3,
  eac3: parseAc3,
};

function parseAdts(bytes: Buffer): AudioParameters | null {
  const reader = new BitReader(bytes.subarray(0, 9));
  if (reader.bits(12) !== 0xfff) return null;
  reader.skip(1);
  if (reader.bits(2) !== 0) return null;
  reader.skip(1);
  const objectType = reader.bits(2) + 1;
  const sampleRateHz = AAC_RATES[reader.bits(4)];
  reader.skip(1);
  const channels = AAC_CHANNELS[reader.bits(3)] ?? null;
  reader.skip(4);
  const length = reader.bits(13);
  if (reader.overran() || sampleRateHz === undefined || length < 7) return null;
  // Twelve bits can occur by chance, so the next frame must begin where this one ends.
  if (bytes.length >= length + 2 && !isAdtsSync(bytes, length)) return null;
  return { profile: AAC_PROFILES.get(objectType) ?? null, sampleRateHz, channels };
}

function isAdtsSync(bytes: Buffer, at: number): boolean {
  return byteAt(bytes, at) === 0xff && (byteAt(bytes, at + 1) & 0xf6) === 0xf0;
}

/** AAC in LOAS frames (ISO/IEC 14496-3 §1.7). Only frames that repeat the configuration can be read. */
function parseLatm(bytes: Buffer): AudioParameters | null {
  const reader = new BitReader(bytes.subarray(0, 64));
  if (reader.bits(11) !== 0x2b7) return null;
  reader.skip(13);
  const isUnchanged = reader.flag();
  if (isUnchanged) return null;
  const version = reader.bits(1);
  if (version === 1) {
    if (reader.flag()) return null;
    skipLatmValue(reader);
  }
  reader.skip(1 + 6);
  const programmes = reader.bits(4);
  const layers = reader.bits(3);
  if (programmes !== 0 || layers !== 0) return null;
  if (version === 1) skipLatmValue(reader);
  return readAudioConfig(reader);
}

function skipLatmValue(reader: BitReader): void {
  reader.skip(8 * (reader.bits(2) + 1));
}

function readAudioConfig(reader: BitReader): AudioParameters | null {
  const objectType = readObjectType(reader);
  let sampleRateHz = readSampleRate(reader);
  const channels = AAC_CHANNELS[reader.bits(4)] ?? null;
  // The first sample rate is that of the core decoder. The output rate follows.
  if (objectType === SBR || objectType === PS) sampleRateHz = readSampleRate(reader);
  if (reader.overran() || sampleRateHz === null) return null;
  const isStereo = objectType === PS && channels === 1;
  return {
    profile: AAC_PROFILES.get(objectType) ?? null,
    sampleRateHz,
    channels: isStereo ? 2 : channels,
  };
}

function readObjectType(reader: BitReader): number {
  const type = reader.bits(5);
  return type === 31 ? 32 + reader.bits(6) : type;
}

function readSampleRate(reader: BitReader): number | null {
  const index = reader.bits(4);
  if (index !== 15) return AAC_RATES[index] ?? null;
  const rate = reader.bits(24);
  return rate >= 4000 && rate <= 192_000 ? rate : null;
}

function parseMpegAudio(bytes: Buffer): AudioParameters | null {
  const reader = new BitReader(bytes.subarray(0, 4));
  if (reader.bits(11) !== 0x7ff) return null;
  const version = reader.bits(2);
  const layer = 4 - reader.bits(2);
  reader.skip(1);
  const bitrate = reader.bits(4);
  const rate = MPEG_RATES[reader.bits(2)];
  reader.skip(2);
  const mode = reader.bits(2);
  const isReserved = version === 1 || layer === 4 || bitrate === 15 || rate === undefined;
  if (reader.overran() || isReserved) return null;
  // MPEG-1 uses the rates of the table, MPEG-2 half of them, and MPEG-2.5 a quarter.
  const divisor = version === 3 ? 1 : version === 2 ? 2 : 4;
  return {
    profile: `Layer ${layer}`,
    sampleRateHz: rate / divisor,
    channels: mode === 3 ? 1 : 2,
  };
}

/** AC-3 and E-AC-3 are distinguished by bsid, which is at the same position in both. */
function parseAc3(bytes: Buffer): AudioParameters | null {
  if (bytes.length < 8 || byteAt(bytes, 0) !== 0x0b || byteAt(bytes, 1) !== 0x77) return null;
  const bsid = byteAt(bytes, 5) >> 3;
  const reader = new BitReader(bytes.subarray(2, 8));
  if (bsid > LAST_AC3_BSID) return bsid <= LAST_EAC3_BSID ? readEac3(reader) : null;
  reader.skip(16);
  const rate = AC3_RATES[reader.bits(2)];
  reader.skip(6 + 5 + 3);
  const mode = reader.bits(3);
  if ((mode & 1) !== 0 && mode !== 1) reader.skip(2);
  if ((mode & 4) !== 0) reader.skip(2);
  if (mode === 2) reader.skip(2);
  const low = reader.bits(1);
  if (rate === undefined) return null;
  // bsid 9 and 10 mean half and a quarter of the rate in the table.
  const sampleRateHz = rate / 2 ** Math.max(0, bsid - 8);
  return { profile: null, sampleRateHz, channels: (AC3_CHANNELS[mode] ?? 0) + low };
}

function readEac3(reader: BitReader): AudioParameters | null {
  reader.skip(2 + 3 + 11);
  const rate = reader.bits(2);
  const halfRate = reader.bits(2);
  const mode = reader.bits(3);
  const low = reader.bits(1);
  const sampleRateHz = rate === 3 ? (AC3_RATES[halfRate] ?? 0) / 2 : (AC3_RATES[rate] ?? 0);
  if (sampleRateHz === 0) return null;
  return { profile: null, sampleRateHz, channels: (AC3_CHANNELS[mode] ?? 0) + low };
}
