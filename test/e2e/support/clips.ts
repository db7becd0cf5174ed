import { statSync } from 'node:fs';
import { join } from 'node:path';
import { runProgram, temporaryFolder } from './programs';
import { eventually } from './wait';

export type VideoCodec = 'h264' | 'hevc' | 'mpeg2';
export type SoundCodec = 'aac' | 'ac3' | 'eac3' | 'mp2';

/** A clip that the simulator plays in a loop. */
export interface ClipWish {
  readonly video: VideoCodec;
  readonly sound: SoundCodec;
  /** Interval between key frames, seconds. */
  readonly gopS: number;
}

/** Length of a generated clip: pictures and frames of sound all end together after this time, with every codec. */
export const CLIP_SECONDS = 24;
/** Half a second is a whole number of these frames. */
export const CLIP_PICTURES_PER_S = 24;
export const CLIP_WIDTH = 320;

const MADE_WITHIN_MS = 60_000;
const SAMPLES_PER_S = 48_000;

const SAMPLES_PER_FRAME: Readonly<Record<SoundCodec, number>> = {
  aac: 1024,
  ac3: 1536,
  eac3: 1536,
  mp2: 1152,
};

/** Closed groups of exactly this many pictures, with two B frames between others. */
const VIDEO_OPTIONS: Readonly<Record<VideoCodec, (group: number) => readonly string[]>> = {
  h264: (group) => [
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-bf', '2', '-b_strategy', '0'],
    ...['-g', `${group}`, '-keyint_min', `${group}`, '-sc_threshold', '0'],
    ...['-x264-params', 'aud=1:open-gop=0:b-pyramid=none'],
  ],
  hevc: (group) => [
    ...['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params'],
    `log-level=error:keyint=${group}:min-keyint=${group}:scenecut=0:open-gop=0:bframes=2:b-adapt=0:aud=1:pools=1`,
  ],
  mpeg2: (group) => [
    ...['-c:v', 'mpeg2video', '-g', `${group}`, '-bf', '2', '-flags', '+cgop'],
    ...['-sc_threshold', '1000000000'],
  ],
};

/**
 * Creates a clip with ffmpeg, in a folder that is removed after the test or file. Its pictures are small and
 * moving, its sound is a tone.
 *
 * @returns the path of the file
 */
export async function makeClip({ video, sound, gopS }: ClipWish): Promise<string> {
  const file = join(temporaryFolder(), `${video}-${sound}-${gopS}.ts`);
  const pictures = CLIP_SECONDS * CLIP_PICTURES_PER_S;
  const frames = (CLIP_SECONDS * SAMPLES_PER_S) / SAMPLES_PER_FRAME[sound];
  const program = runProgram(
    'ffmpeg',
    ...['-hide_banner', '-nostdin', '-v', 'error'],
    ...['-f', 'lavfi', '-i', `testsrc2=size=${CLIP_WIDTH}x180:rate=${CLIP_PICTURES_PER_S}`],
    ...['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=${SAMPLES_PER_S}`],
    ...['-map', '0:v', '-map', '1:a', '-frames:v', `${pictures}`, '-frames:a', `${frames}`],
    ...VIDEO_OPTIONS[video](gopS * CLIP_PICTURES_PER_S),
    ...['-pix_fmt', 'yuv420p', '-b:v', '200k', '-maxrate', '300k', '-bufsize', '300k'],
    ...['-threads:v', '1', '-c:a', sound, '-b:a', '64k', '-ac', '2'],
    ...['-pes_payload_size', '700', '-pcr_period', '20', '-muxdelay', '0', '-muxpreload', '0'],
    ...['-f', 'mpegts', file],
  );
  await eventually(() => program.ended !== null, MADE_WITHIN_MS, 'the clip');
  if (program.ended!.code !== 0 || statSync(file).size === 0) throw new Error(program.tail());
  return file;
}
