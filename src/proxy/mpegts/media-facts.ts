/** Video parameters from the parameter sets; null where these do not contain them. */
export interface VideoParameters {
  /** Profile as named by ffprobe, such as `Main` or `Main 10`. */
  readonly profile: string | null;
  /** Level such as `4.1`; for MPEG-2 a name such as `Main`. */
  readonly level: string | null;
  /** Visible size in pixels, after cropping. */
  readonly width: number;
  readonly height: number;
  /** Frames per second; two interlaced fields are one frame. */
  readonly frameRate: number | null;
  /** True if pictures may consist of two fields. */
  readonly interlaced: boolean;
}

/** Audio parameters from a frame header; null where it does not contain them. */
export interface AudioParameters {
  readonly profile: string | null;
  readonly sampleRateHz: number;
  /** Number of channels including the low-frequency one; null if the header does not contain it. */
  readonly channels: number | null;
}

const MAX_SIDE = 16_384;
const MAX_FRAME_RATE = 400;

/**
 * `video` with a plausible frame rate. Null if the size is implausible, which means that the bytes were no parameter
 * set.
 */
export function plausible(video: VideoParameters): VideoParameters | null {
  const { width, height, frameRate } = video;
  if (width < 16 || height < 16 || width > MAX_SIDE || height > MAX_SIDE) return null;
  return { ...video, frameRate: frameRate === null ? null : plausibleRate(frameRate) };
}

/** The rate with three decimals; null if it is implausible. */
export function plausibleRate(rate: number): number | null {
  if (!(rate >= 1 && rate <= MAX_FRAME_RATE)) return null;
  return Math.round(rate * 1000) / 1000;
}
