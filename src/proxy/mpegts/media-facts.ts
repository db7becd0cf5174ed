/** What a video's parameter sets say. Null where they do not. */
export interface VideoParameters {
  /** As ffprobe names it, such as `Main` or `Main 10`. */
  readonly profile: string | null;
  /** Such as `4.1`; `Main` and the like for MPEG-2. */
  readonly level: string | null;
  /** Pixels that are shown: what is cropped is taken off. */
  readonly width: number;
  readonly height: number;
  /** Whole pictures per second. */
  readonly frameRate: number | null;
  /** Its pictures may be made of two fields. */
  readonly interlaced: boolean;
}

/** What an audio frame's header says. Null where it does not. */
export interface AudioParameters {
  readonly profile: string | null;
  readonly sampleRateHz: number;
  /** Includes the low-frequency channel. Null when the header leaves it to the content. */
  readonly channels: number | null;
}

const MAX_SIDE = 16_384;
const MAX_FRAME_RATE = 400;

/** Null for a size that no stream of the field has: then the bytes were something else. */
export function plausible(video: VideoParameters): VideoParameters | null {
  const { width, height, frameRate } = video;
  if (width < 16 || height < 16 || width > MAX_SIDE || height > MAX_SIDE) return null;
  return { ...video, frameRate: frameRate === null ? null : plausibleRate(frameRate) };
}

/** Pictures per second to three digits; null for a rate that no stream of the field has. */
export function plausibleRate(rate: number): number | null {
  if (!(rate >= 1 && rate <= MAX_FRAME_RATE)) return null;
  return Math.round(rate * 1000) / 1000;
}
