import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readClipProgramme, type ClipStream } from './clip-programme';
import {
  adaptationFlags,
  AUDIO_PID,
  hasPayload,
  NULL_PID,
  PACKET_BYTES,
  payloadOffset,
  pidOf,
  readTimestamp,
  startsUnit,
  TICKS_PER_MS,
  TICKS_PER_SECOND,
  VIDEO_PID,
  writePid,
} from './ts-packet';

/** Clock references of longer clips could not be computed exactly. */
const MAX_LOOP_TICKS = 60 * TICKS_PER_SECOND;

/** One packet of the clip, and its fields that change when it is broadcast. Ticks are relative to the loop. */
export interface ClipPacket {
  readonly stream: 'video' | 'audio';
  /** Offset of its 188 bytes in the clip. */
  readonly source: number;
  readonly hasPayload: boolean;
  /** Earliest time in the loop at which it may be sent, in ticks. */
  readonly sendTicks: number;
  readonly hasPcr: boolean;
  /** Byte offsets in the packet, 0 if it has no such field. */
  readonly ptsAt: number;
  readonly ptsTicks: number;
  readonly dtsAt: number;
  readonly dtsTicks: number;
}

export interface Clip {
  /** Its packets, with the two streams on the PIDs that every broadcast uses. */
  readonly data: Buffer;
  /** The announcements of its streams. */
  readonly video: ClipStream;
  readonly audio: ClipStream;
  /** Its length, which is the length of one loop of its broadcasts, 90 kHz: a whole number of milliseconds. */
  readonly loopTicks: number;
  /** Both streams in sending order; packets of one access unit stay in order. */
  readonly packets: readonly ClipPacket[];
}

interface UnitTimes {
  readonly ptsAt: number;
  readonly dtsAt: number;
  readonly pts: number;
  readonly dts: number;
}

function unitTimes(data: Buffer, at: number): UnitTimes {
  const pes = payloadOffset(data, at);
  const flags = data.readUInt8(at + pes + 7) >> 6;
  if ((flags & 2) === 0) throw new Error('the clip has a PES without a PTS');
  const ptsAt = pes + 9;
  const dtsAt = flags === 3 ? pes + 14 : 0;
  const pts = readTimestamp(data, at + ptsAt);
  return { ptsAt, dtsAt, pts, dts: dtsAt === 0 ? pts : readTimestamp(data, at + dtsAt) };
}

function streamPackets(data: Buffer, stream: 'video' | 'audio', leadTicks: number): ClipPacket[] {
  const pid = stream === 'video' ? VIDEO_PID : AUDIO_PID;
  const packets: ClipPacket[] = [];
  let first: UnitTimes | undefined;
  let sendTicks = 0;
  for (let at = 0; at < data.length; at += PACKET_BYTES) {
    if (pidOf(data, at) !== pid) continue;
    const times = startsUnit(data, at) ? unitTimes(data, at) : undefined;
    first ??= times;
    if (first === undefined) continue;
    // Video starts at DTS 0, audio at the first picture's PTS: both streams last exactly one loop from there.
    const origin = stream === 'video' ? first.dts : first.pts - leadTicks;
    if (times) sendTicks = times.dts - origin - (stream === 'audio' ? leadTicks : 0);
    packets.push({
      stream,
      source: at,
      hasPayload: hasPayload(data, at),
      sendTicks,
      hasPcr: (adaptationFlags(data, at) & 0x10) !== 0,
      ptsAt: times?.ptsAt ?? 0,
      ptsTicks: times ? times.pts - origin : 0,
      dtsAt: times?.dtsAt ?? 0,
      dtsTicks: times ? times.dts - origin : 0,
    });
  }
  return packets;
}

/** The times of the pictures, in order. */
function pictureTimes(data: Buffer): UnitTimes[] {
  const times: UnitTimes[] = [];
  for (let at = 0; at < data.length; at += PACKET_BYTES) {
    if (pidOf(data, at) === VIDEO_PID && startsUnit(data, at)) times.push(unitTimes(data, at));
  }
  return times;
}

/** Checks that all pictures have equal length, and returns the length of the loop, which is the sum of them. */
function loopOf(pictures: readonly UnitTimes[]): number {
  const [first, second] = pictures;
  if (first === undefined || second === undefined) throw new Error('the clip has no pictures');
  const step = second.dts - first.dts;
  const isEven = pictures.every(({ dts }, n) => dts === first.dts + n * step);
  if (step <= 0 || !isEven) throw new Error("the clip's pictures are not evenly spaced");
  const ticks = pictures.length * step;
  if (ticks % TICKS_PER_MS !== 0 || ticks > MAX_LOOP_TICKS) {
    throw new Error('the clip must last a whole number of milliseconds, at most 60 s');
  }
  return ticks;
}

/** A copy in which the two streams have the PIDs that every broadcast uses. */
function renamed(data: Buffer, videoPid: number, audioPid: number): Buffer {
  const copy = Buffer.from(data);
  for (let at = 0; at < copy.length; at += PACKET_BYTES) {
    const pid = pidOf(copy, at);
    if (pid === videoPid) writePid(copy, at + 1, VIDEO_PID);
    else if (pid === audioPid) writePid(copy, at + 1, AUDIO_PID);
    else writePid(copy, at + 1, NULL_PID);
  }
  return copy;
}

/**
 * Reads a clip: MPEG-TS with one programme, whose first video and first audio stream are played in a loop. The first
 * picture must be a key frame, all pictures must have equal length, and audio and video must have the same total
 * length.
 * @throws if the clip is not valid
 */
export function parseClip(original: Buffer): Clip {
  if (original.length === 0 || original.length % PACKET_BYTES !== 0) {
    throw new Error('the clip is not a whole number of packets');
  }
  const { video, audio } = readClipProgramme(original);
  const data = renamed(original, video.pid, audio.pid);
  const pictures = pictureTimes(data);
  const loopTicks = loopOf(pictures);
  // Difference between the first picture's PTS and its DTS (reordering).
  const lead = (pictures[0]?.pts ?? 0) - (pictures[0]?.dts ?? 0);
  const packets = [
    ...streamPackets(data, 'video', lead),
    ...streamPackets(data, 'audio', lead),
  ].sort((a, b) => a.sendTicks - b.sendTicks);
  const last = packets.at(-1);
  if (last === undefined || last.sendTicks < 0 || last.sendTicks >= loopTicks) {
    throw new Error(
      `the clip's audio does not fit into ${loopTicks / TICKS_PER_SECOND} s of pictures`,
    );
  }
  return { data, video, audio, loopTicks, packets };
}

/** The clip in the repository; the path is valid from the sources and from the compiled program. */
const OWN_CLIP = join(__dirname, '..', '..', 'media', 'clip.mpegts');

/** @throws Error if the file cannot be read or is not a valid clip */
export function loadClip(path = OWN_CLIP): Clip {
  return parseClip(readFileSync(path));
}
