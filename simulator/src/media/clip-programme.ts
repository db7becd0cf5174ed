import { PACKET_BYTES, PAT_PID, payloadOffset, pidOf, startsUnit } from './ts-packet';

/** One stream in the clip's PMT. */
export interface ClipStream {
  readonly pid: number;
  readonly type: number;
  /** Copied unchanged, because they identify the content of a private stream. */
  readonly descriptors: Buffer;
}

const VIDEO_TYPES = new Set([0x01, 0x02, 0x10, 0x1b, 0x24, 0x33]);
const AUDIO_TYPES = new Set([0x03, 0x04, 0x0f, 0x11, 0x81, 0x84, 0x87]);
const PRIVATE_PES = 0x06;
/** AC-3, enhanced AC-3, DTS and AAC in a private stream (ETSI EN 300 468). */
const AUDIO_DESCRIPTORS = new Set([0x6a, 0x7a, 0x7b, 0x7c]);

/** The first video and the first audio stream of the clip's first programme. @throws if one is missing */
export function readClipProgramme(data: Buffer): { video: ClipStream; audio: ClipStream } {
  const pat = sectionOn(data, PAT_PID);
  if (pat === null) throw new Error('the clip has no PAT');
  const pmt = sectionOn(data, pat.readUInt16BE(10) & 0x1fff);
  if (pmt === null) throw new Error('the clip has no PMT');
  const streams = streamsOf(pmt);
  const video = streams.find(({ type }) => VIDEO_TYPES.has(type));
  const audio = streams.find(isAudio);
  if (video === undefined || audio === undefined) {
    throw new Error('the clip must have video and audio');
  }
  if ((pmt.readUInt16BE(8) & 0x1fff) !== video.pid) {
    throw new Error("the clip's PCR is not on its video PID");
  }
  return { video, audio };
}

/** The first section on a PID. Valid clips have sections of one packet only. */
function sectionOn(data: Buffer, pid: number): Buffer | null {
  for (let at = 0; at < data.length; at += PACKET_BYTES) {
    if (pidOf(data, at) !== pid || !startsUnit(data, at)) continue;
    const pointer = at + payloadOffset(data, at);
    const start = pointer + 1 + data.readUInt8(pointer);
    const end = start + 3 + (data.readUInt16BE(start + 1) & 0x0fff);
    return end <= at + PACKET_BYTES ? data.subarray(start, end) : null;
  }
  return null;
}

function streamsOf(pmt: Buffer): ClipStream[] {
  const streams: ClipStream[] = [];
  let at = 12 + (pmt.readUInt16BE(10) & 0x0fff);
  while (at + 5 <= pmt.length - 4) {
    const length = pmt.readUInt16BE(at + 3) & 0x0fff;
    streams.push({
      pid: pmt.readUInt16BE(at + 1) & 0x1fff,
      type: pmt.readUInt8(at),
      descriptors: pmt.subarray(at + 5, at + 5 + length),
    });
    at += 5 + length;
  }
  return streams;
}

function isAudio({ type, descriptors }: ClipStream): boolean {
  if (type !== PRIVATE_PES) return AUDIO_TYPES.has(type);
  for (let at = 0; at + 2 <= descriptors.length; at += 2 + descriptors.readUInt8(at + 1)) {
    if (AUDIO_DESCRIPTORS.has(descriptors.readUInt8(at))) return true;
  }
  return false;
}
