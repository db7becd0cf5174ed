import {
  adaptationFlags,
  AUDIO_PID,
  hasPayload,
  PACKET_BYTES,
  payloadOffset,
  pidOf,
  readTimestamp,
  startsUnit,
  VIDEO_PID,
} from './ts-packet';

/** Length of the clip, and so of one loop of every broadcast. */
export const LOOP_SECONDS = 8;
export const LOOP_TICKS = LOOP_SECONDS * 90_000;

/** One packet of the clip with everything that changes when it is broadcast. Ticks are relative to the loop. */
export interface ClipPacket {
  readonly stream: 'video' | 'audio';
  /** Where its 188 bytes begin in the clip. */
  readonly source: number;
  readonly hasPayload: boolean;
  /** Earliest moment in the loop at which it may be sent, in ticks. */
  readonly sendTicks: number;
  readonly hasPcr: boolean;
  /** Byte offsets in the packet, 0 when it has no such field. */
  readonly ptsAt: number;
  readonly ptsTicks: number;
  readonly dtsAt: number;
  readonly dtsTicks: number;
}

export interface Clip {
  readonly data: Buffer;
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

/** How much later than its DTS the first picture is shown (reordering), in ticks. */
function reorderTicks(data: Buffer): number {
  for (let at = 0; at < data.length; at += PACKET_BYTES) {
    if (pidOf(data, at) !== VIDEO_PID || !startsUnit(data, at)) continue;
    const times = unitTimes(data, at);
    return times.pts - times.dts;
  }
  throw new Error('the clip has no video');
}

/** Reads an MPEG-TS clip made by media/make-clip.sh. @throws when it is not one. */
export function parseClip(data: Buffer): Clip {
  if (data.length === 0 || data.length % PACKET_BYTES !== 0) {
    throw new Error('the clip is not a whole number of packets');
  }
  const lead = reorderTicks(data);
  const packets = [
    ...streamPackets(data, 'video', lead),
    ...streamPackets(data, 'audio', lead),
  ].sort((a, b) => a.sendTicks - b.sendTicks);
  const last = packets.at(-1);
  if (last === undefined || last.sendTicks < 0 || last.sendTicks >= LOOP_TICKS) {
    throw new Error(`the clip does not fit into ${LOOP_SECONDS} s`);
  }
  return { data, packets };
}
