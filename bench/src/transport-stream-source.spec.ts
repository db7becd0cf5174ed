import {
  PACKET_BYTES,
  PCR_FLAG,
  RANDOM_ACCESS_FLAG,
  SYNC_BYTE,
  VIDEO_PID,
  stampOffset,
  stampSequence,
  stampWallClockMs,
} from './packet-stamp';
import { PMT_PID, sectionCrc } from './program-tables';
import { TransportStreamSource } from './transport-stream-source';

const BITS_PER_SECOND = 8e6;
const PACKET_MS = ((PACKET_BYTES * 8) / BITS_PER_SECOND) * 1000;
const WALL_MS = 1_763_700_000_123;

const pidOf = (packet: Buffer): number => packet.readUInt16BE(1) & 0x1fff;
const payloadOf = (packet: Buffer): Buffer =>
  packet.subarray((packet[3]! & 0x20) === 0 ? 4 : 5 + packet[4]!);

/** NAL unit types in a payload, in order. */
function nalTypes(payload: Buffer): number[] {
  const types: number[] = [];
  for (let at = payload.indexOf('000001', 0, 'hex'); at >= 0;) {
    if (payload[at + 3]! < 0x80) types.push(payload[at + 3]! & 31);
    at = payload.indexOf('000001', at + 3, 'hex');
  }
  return types;
}

function pcrOf(packet: Buffer): number {
  return packet.readUInt32BE(6) * 2 + (packet[10]! >> 7);
}

function ptsOf(payload: Buffer): number {
  const [a, b, c, d, e] = payload.subarray(9, 14);
  return ((a! >> 1) & 7) * 2 ** 30 + (b! << 22) + ((c! >> 1) << 15) + (d! << 7) + (e! >> 1);
}

describe('TransportStreamSource', () => {
  const source = new TransportStreamSource(BITS_PER_SECOND);
  const pieces: Buffer[] = [];
  for (let total = 0; total < 5000 / PACKET_MS; total += 107)
    pieces.push(source.next(107, WALL_MS));
  const stream = Buffer.concat(pieces);
  const packets = Array.from({ length: Math.floor(5000 / PACKET_MS) }, (_, index) =>
    stream.subarray(index * PACKET_BYTES, (index + 1) * PACKET_BYTES),
  );
  const video = packets.filter((packet) => pidOf(packet) === VIDEO_PID);
  const frames = video.filter((packet) => (packet[1]! & 0x40) !== 0);
  const keyFrames = frames.filter((packet) => (packet[5]! & RANDOM_ACCESS_FLAG) !== 0);

  it('consists of packets that begin with a sync byte', () => {
    expect(packets.every((packet) => packet[0] === SYNC_BYTE)).toBe(true);
  });

  it('counts continuity without a break on every PID', () => {
    for (const pid of [0, PMT_PID, VIDEO_PID]) {
      const counters = packets.filter((p) => pidOf(p) === pid).map((p) => p[3]! & 15);
      expect(counters).toEqual(counters.map((_, index) => (counters[0]! + index) & 15));
    }
  });

  it('repeats PAT and PMT every 100 ms, with correct checksums', () => {
    for (const pid of [0, PMT_PID]) {
      const at = packets.flatMap((packet, index) => (pidOf(packet) === pid ? [index] : []));
      const distances = at.slice(1).map((index, i) => (index - at[i]!) * PACKET_MS);
      expect(at).toHaveLength(50);
      expect(Math.max(...distances)).toBeLessThan(100.3);
      for (const index of at) {
        const length = packets[index]!.readUInt16BE(6) & 0xfff;
        expect(sectionCrc(packets[index]!.subarray(5, 8 + length))).toBe(0);
      }
    }
  });

  it('begins with PAT, PMT and a key frame, and has a key frame every 2 s', () => {
    expect(packets.slice(0, 3).map(pidOf)).toEqual([0, PMT_PID, VIDEO_PID]);
    expect(packets[2]).toBe(keyFrames[0]);
    const pts = keyFrames.map((packet) => ptsOf(payloadOf(packet)));
    expect(pts.map((value) => value - pts[0]!)).toEqual([0, 180_000, 360_000]);
  });

  it('contains SPS, PPS and IDR in key frames and a plain slice in the others', () => {
    const types = frames.map((packet) => nalTypes(payloadOf(packet)));
    frames.forEach((packet, index) => {
      expect(types[index]).toEqual(keyFrames.includes(packet) ? [9, 7, 8, 5] : [9, 1]);
    });
    expect(frames).toHaveLength(125);
  });

  it('has no start code between frames', () => {
    const between = video.filter((packet) => (packet[1]! & 0x40) === 0);
    expect(between.some((packet) => payloadOf(packet).includes('000001', 0, 'hex'))).toBe(false);
  });

  it('has a clock with each frame that follows from its position and the bit rate', () => {
    for (const packet of frames) {
      expect(packet[5]! & PCR_FLAG).toBe(PCR_FLAG);
      const ticks = packets.indexOf(packet) * PACKET_MS * 90;
      expect(Math.abs(pcrOf(packet) - ticks)).toBeLessThan(1);
      expect(ptsOf(payloadOf(packet)) - pcrOf(packet)).toBeGreaterThan(80_000);
    }
  });

  it('stamps every video packet with its number and the given time', () => {
    video.forEach((packet, index) => {
      const stamp = stampOffset(packet, 0);
      expect(stampSequence(packet, stamp)).toBe(index);
      expect(Math.abs(stampWallClockMs(packet, stamp) - WALL_MS)).toBeLessThan(0.001);
    });
    expect(packets.filter((packet) => stampOffset(packet, 0) >= 0)).toHaveLength(video.length);
  });
});
