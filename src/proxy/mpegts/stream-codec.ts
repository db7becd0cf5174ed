import { byteAt } from './packet';

/** Content of an elementary stream, as far as we distinguish it. */
export type StreamCodec =
  | 'mpeg2-video'
  | 'h264'
  | 'hevc'
  | 'other-video'
  | 'mp2'
  | 'aac'
  | 'aac-latm'
  | 'ac3'
  | 'eac3'
  | 'other-audio'
  | 'dvb-subtitle'
  | 'teletext'
  | 'sections'
  | 'data';

export type MediaKind = 'video' | 'audio' | 'subtitle' | 'data';

/** stream_type values with only one meaning: ISO/IEC 13818-1 table 2-34, ATSC A/52 and A/53, SCTE 35, AVS. */
const BY_STREAM_TYPE: ReadonlyMap<number, StreamCodec> = new Map<number, StreamCodec>([
  [0x01, 'mpeg2-video'],
  [0x02, 'mpeg2-video'],
  [0x03, 'mp2'],
  [0x04, 'mp2'],
  [0x05, 'sections'],
  [0x0a, 'sections'],
  [0x0b, 'sections'],
  [0x0c, 'sections'],
  [0x0d, 'sections'],
  [0x0f, 'aac'],
  [0x10, 'other-video'],
  [0x11, 'aac-latm'],
  [0x1b, 'h264'],
  [0x1c, 'other-audio'],
  [0x21, 'other-video'],
  [0x24, 'hevc'],
  [0x33, 'other-video'],
  [0x42, 'other-video'],
  [0x81, 'ac3'],
  [0x84, 'eac3'],
  [0x86, 'sections'],
  [0x87, 'eac3'],
  [0xd1, 'other-video'],
  [0xd2, 'other-video'],
  [0xd4, 'other-video'],
  [0xea, 'other-video'],
]);

/** Descriptors that identify the content of a private PES stream (stream_type 0x06): ETSI EN 300 468. */
const BY_DESCRIPTOR: ReadonlyMap<number, StreamCodec> = new Map<number, StreamCodec>([
  [0x56, 'teletext'],
  [0x59, 'dvb-subtitle'],
  [0x6a, 'ac3'],
  [0x7a, 'eac3'],
  [0x7b, 'other-audio'],
  [0x7c, 'aac'],
]);

const BY_REGISTRATION: ReadonlyMap<string, StreamCodec> = new Map<string, StreamCodec>([
  ['AC-3', 'ac3'],
  ['EAC3', 'eac3'],
  ['HEVC', 'hevc'],
  ['AV01', 'other-video'],
  ['VC-1', 'other-video'],
  ['Opus', 'other-audio'],
  ['DTS1', 'other-audio'],
  ['DTS2', 'other-audio'],
  ['DTS3', 'other-audio'],
]);

const PRIVATE_PES = 0x06;
const REGISTRATION_DESCRIPTOR = 0x05;

/** The codec by stream_type and, for private streams, by the descriptors of the PMT entry. */
export function codecOf(streamType: number, descriptors: Buffer): StreamCodec {
  if (streamType !== PRIVATE_PES) return BY_STREAM_TYPE.get(streamType) ?? 'data';
  for (let at = 0; at + 2 <= descriptors.length; at += 2 + byteAt(descriptors, at + 1)) {
    const tag = byteAt(descriptors, at);
    const codec =
      tag === REGISTRATION_DESCRIPTOR
        ? BY_REGISTRATION.get(descriptors.toString('latin1', at + 2, at + 6))
        : BY_DESCRIPTOR.get(tag);
    if (codec !== undefined) return codec;
  }
  return 'data';
}

export function mediaKindOf(codec: StreamCodec): MediaKind {
  switch (codec) {
    case 'mpeg2-video':
    case 'h264':
    case 'hevc':
    case 'other-video':
      return 'video';
    case 'mp2':
    case 'aac':
    case 'aac-latm':
    case 'ac3':
    case 'eac3':
    case 'other-audio':
      return 'audio';
    case 'dvb-subtitle':
    case 'teletext':
      return 'subtitle';
    case 'sections':
    case 'data':
      return 'data';
  }
}
