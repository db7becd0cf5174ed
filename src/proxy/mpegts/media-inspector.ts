import { findAudioParameters } from './audio-parameters';
import { ElementaryStreamTap } from './elementary-stream';
import { parseH264Parameters } from './h264-parameters';
import { parseHevcParameters } from './hevc-parameters';
import { plausibleRate, type AudioParameters, type VideoParameters } from './media-facts';
import { parseMpeg2Parameters } from './mpeg2-parameters';
import { TS_PACKET } from './packet';
import { type Programme, type ProgrammeStream } from './programme';
import { type MediaKind, type StreamCodec } from './stream-codec';

/** Facts about one elementary stream, from the PMT and from the stream itself. */
export interface StreamFacts {
  readonly pid: number;
  readonly kind: MediaKind;
  readonly codec: StreamCodec;
  /** ISO 639 code from the PMT. */
  readonly language: string | null;
  readonly isScrambled: boolean;
  /** Null until the parameters were seen, and for codecs that are not parsed. */
  readonly video: VideoParameters | null;
  readonly audio: AudioParameters | null;
}

/** Maximum number of bytes of one stream that an inspection reads. */
const VIDEO_BYTES = 64 * 1024;
const AUDIO_BYTES = 8 * 1024;
/** Number of decoding times from which the frame rate is measured if the stream does not contain it. */
const TIMES = 13;
const LANGUAGE_DESCRIPTOR = 0x0a;
const START_CODE = Buffer.from([0, 0, 1]);
const NO_UNIT = Buffer.alloc(0);
const WRAP = 2 ** 33;
const H264_SPS = 7;
const HEVC_SPS = 33;
const MPEG2_SEQUENCE = 0xb3;

interface Known {
  readonly codec: StreamCodec;
  /** The raw parameter set. It is parsed again only when it has changed. */
  readonly unit: Buffer;
  readonly video: VideoParameters | null;
  readonly audio: AudioParameters | null;
}

/**
 * Reads resolution, profile, rates and channels from the media. An inspection reads at most 64 KiB per video stream
 * and 8 KiB per audio stream. Where it finds nothing, it keeps the results of earlier inspections. It never throws,
 * whatever the bytes are.
 */
export class MediaInspector {
  private readonly known = new Map<number, Known>();

  /** @param runs whole packets, best from a random access point on */
  inspect(runs: readonly Buffer[], programme: Programme): StreamFacts[] {
    const taps = new Map<number, ElementaryStreamTap>();
    for (const { pid, kind } of programme.streams) {
      if (kind === 'video') taps.set(pid, new ElementaryStreamTap(pid, VIDEO_BYTES, TIMES));
      else if (kind === 'audio') taps.set(pid, new ElementaryStreamTap(pid, AUDIO_BYTES, 1));
    }
    const open = new Set(taps.values());
    for (const run of runs) {
      for (let at = 0; at + TS_PACKET <= run.length && open.size > 0; at += TS_PACKET) {
        for (const tap of open) {
          tap.push(run, at);
          if (!tap.wantsMore) open.delete(tap);
        }
      }
    }
    for (const pid of this.known.keys()) if (!taps.has(pid)) this.known.delete(pid);
    return programme.streams.map((stream) => this.factsOf(stream, taps.get(stream.pid)));
  }

  private factsOf(stream: ProgrammeStream, tap: ElementaryStreamTap | undefined): StreamFacts {
    const { pid, kind, codec } = stream;
    const isScrambled = tap?.isScrambled ?? false;
    const plain = { pid, kind, codec, language: languageOf(stream.descriptors), isScrambled };
    if (tap === undefined || isScrambled) return { ...plain, video: null, audio: null };
    const known = this.learn(stream, tap);
    return { ...plain, video: known?.video ?? null, audio: known?.audio ?? null };
  }

  private learn({ pid, kind, codec }: ProgrammeStream, tap: ElementaryStreamTap): Known | null {
    const before = this.known.get(pid);
    const last = before?.codec === codec ? before : null;
    let found: Known | null;
    if (kind === 'audio') {
      const audio = findAudioParameters(codec, tap.bytes());
      found = audio === null ? null : { codec, unit: NO_UNIT, video: null, audio };
    } else {
      found = lookAtVideo(codec, tap, last);
    }
    const known = found ?? last;
    if (known === null) this.known.delete(pid);
    else this.known.set(pid, known);
    return known;
  }
}

function lookAtVideo(
  codec: StreamCodec,
  tap: ElementaryStreamTap,
  last: Known | null,
): Known | null {
  const unit = parameterUnit(codec, tap.bytes());
  if (unit === null) return null;
  if (last !== null && last.video?.frameRate != null && unit.equals(last.unit)) return last;
  const video = parseVideo(codec, unit);
  if (video === null) return null;
  const frameRate = video.frameRate ?? measuredRate(tap.times);
  return { codec, unit: Buffer.from(unit), video: { ...video, frameRate }, audio: null };
}

function parseVideo(codec: StreamCodec, unit: Buffer): VideoParameters | null {
  if (codec === 'h264') return parseH264Parameters(unit);
  if (codec === 'hevc') return parseHevcParameters(unit);
  const next = unit.indexOf(START_CODE);
  return parseMpeg2Parameters(unit, next < 0 ? null : unit.subarray(next + 3));
}

/**
 * The first parameter set, from after its start code to the next start code; for MPEG-2 to the one after that, so
 * that it includes the extension.
 */
function parameterUnit(codec: StreamCodec, bytes: Buffer): Buffer | null {
  let at = bytes.indexOf(START_CODE);
  while (at >= 0 && at + 3 < bytes.length) {
    const first = bytes[at + 3] ?? 0;
    const next = bytes.indexOf(START_CODE, at + 3);
    if (isParameterUnit(codec, first)) {
      let end = next;
      if (codec === 'mpeg2-video' && next >= 0) end = bytes.indexOf(START_CODE, next + 3);
      return bytes.subarray(at + 3, end < 0 ? bytes.length : end);
    }
    at = next;
  }
  return null;
}

function isParameterUnit(codec: StreamCodec, first: number): boolean {
  if (codec === 'h264') return (first & 0x9f) === H264_SPS;
  if (codec === 'hevc') return ((first >> 1) & 0x3f) === HEVC_SPS;
  return codec === 'mpeg2-video' && first === MPEG2_SEQUENCE;
}

/** Frame rate from the median step between decoding times; null if there are too few. */
function measuredRate(times: readonly number[]): number | null {
  const steps: number[] = [];
  for (let i = 1; i < times.length; i++) {
    const [from, to] = [times[i - 1] ?? -1, times[i] ?? -1];
    if (from < 0 || to < 0) continue;
    const step = (to - from + WRAP) % WRAP;
    if (step > 0 && step < WRAP / 2) steps.push(step);
  }
  if (steps.length < 3) return null;
  steps.sort((a, b) => a - b);
  return plausibleRate(90_000 / (steps[steps.length >> 1] ?? 0));
}

function languageOf(descriptors: Buffer): string | null {
  for (let at = 0; at + 2 <= descriptors.length; at += 2 + (descriptors[at + 1] ?? 0)) {
    if (descriptors[at] !== LANGUAGE_DESCRIPTOR) continue;
    const text = descriptors.toString('latin1', at + 2, at + 5).toLowerCase();
    return /^[a-z]{3}$/.test(text) ? text : null;
  }
  return null;
}
