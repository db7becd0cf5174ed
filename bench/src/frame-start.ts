const START_CODE = [0, 0, 0, 1];
const ACCESS_UNIT_DELIMITER = [...START_CODE, 0x09, 0xf0];
/** Sequence parameter set: baseline profile, level 3.1, 1280 × 720, 25 frames a second. */
const SPS = [0x67, 0x42, 0xc0, 0x1f, 0xda, 0x01, 0x40, 0x16, 0xe8, 0x40];
const SPS_TIMING = [0x00, 0x00, 0x03, 0x00, 0x40, 0x00, 0x00, 0x0c, 0xa1];
const PPS = [0x68, 0xce, 0x38, 0x80];
/** Slice headers; noise follows them, so parsers find frames, but decoders see only blocks. */
const IDR_SLICE = [0x65, 0x88, 0x84];
const P_SLICE = [0x41, 0x9a, 0x24];
const KEY_FRAME_START = [
  ...ACCESS_UNIT_DELIMITER,
  ...[...START_CODE, ...SPS, ...SPS_TIMING],
  ...[...START_CODE, ...PPS],
  ...[...START_CODE, ...IDR_SLICE],
];
const FRAME_START = [...ACCESS_UNIT_DELIMITER, ...START_CODE, ...P_SLICE];

/** Six bytes of programme clock reference; `ticks` of 90 kHz, extension 0. */
export function pcrField(ticks: number): number[] {
  const low = ticks % 2;
  const high = Math.floor(ticks / 2) >>> 0;
  return [high >>> 24, (high >>> 16) & 255, (high >>> 8) & 255, high & 255, (low << 7) | 0x7e, 0];
}

/** The beginning of a PES packet with an H.264 frame: header with the presentation time, then the frame's first bytes. */
export function pesOfFrame(isKey: boolean, pts: number): number[] {
  const header = [0, 0, 1, 0xe0, 0, 0, 0x80, 0x80, 5, ...ptsField(pts)];
  return [...header, ...(isKey ? KEY_FRAME_START : FRAME_START)];
}

/** Five bytes of presentation time stamp (no decoding time: frames are never reordered). */
function ptsField(ticks: number): number[] {
  const top = Math.floor(ticks / 2 ** 30) & 7;
  const low = ticks % 2 ** 30;
  return [
    0x21 | (top << 1),
    (low >>> 22) & 255,
    ((low >>> 14) & 255) | 1,
    (low >>> 7) & 255,
    ((low << 1) & 255) | 1,
  ];
}
