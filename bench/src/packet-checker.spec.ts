import fc from 'fast-check';
import { PacketChecker } from './packet-checker';
import { PACKET_BYTES, VIDEO_PID } from './packet-stamp';
import { TransportStreamSource } from './transport-stream-source';
import { ViewerTally } from './viewer-tally';

const WALL_MS = 1_763_700_000_000;

function stream(packets: number): Buffer[] {
  const bytes = new TransportStreamSource(8e6).next(packets, WALL_MS);
  return Array.from({ length: packets }, (_, i) =>
    bytes.subarray(i * PACKET_BYTES, (i + 1) * PACKET_BYTES),
  );
}

/** Passes the bytes in reads of the given sizes, cyclically, from a buffer that each read overwrites. */
function check(bytes: Buffer, sizes: readonly number[]): { tally: ViewerTally; newest: number[] } {
  const tally = new ViewerTally();
  const checker = new PacketChecker(tally);
  const shared = Buffer.alloc(65_536);
  const newest: number[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const length = bytes.copy(shared, 7, at, at + sizes[turn % sizes.length]!);
    newest.push(checker.read(shared, 7, 7 + length));
    at += length;
  }
  return { tally, newest };
}

const longReads = fc.array(fc.integer({ min: 1000, max: 60_000 }), { minLength: 1, maxLength: 8 });
const sizes = fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 8 });

describe('PacketChecker', () => {
  const packets = stream(400);
  const isVideo = (packet: Buffer): boolean => (packet.readUInt16BE(1) & 0x1fff) === VIDEO_PID;
  /** Indices of video packets with video before and after them. */
  const inner = fc.constantFrom(
    ...packets.flatMap((packet, i) => (i > 3 && i < 399 && isVideo(packet) ? [i] : [])),
  );

  it('finds no error in a complete stream, for reads of any size', () => {
    fc.assert(
      fc.property(sizes, (cut) => {
        const { tally } = check(Buffer.concat(packets), cut);
        expect(tally).toMatchObject({ gaps: 0, lostPackets: 0, repeatedPackets: 0 });
        expect(tally).toMatchObject({ misaligned: 0, nullPackets: 0, discontinuityFlags: 0 });
      }),
    );
  });

  it('counts planted losses', () => {
    fc.assert(
      fc.property(sizes, inner, (cut, at) => {
        const { tally } = check(Buffer.concat(packets.toSpliced(at, 1)), cut);
        expect(tally).toMatchObject({ gaps: 1, lostPackets: 1, repeatedPackets: 0, misaligned: 0 });
      }),
    );
    const { tally } = check(Buffer.concat(packets.toSpliced(20, 30)), [1000]);
    expect(tally).toMatchObject({ gaps: 1, lostPackets: 30 });
  });

  it('counts planted repetitions', () => {
    fc.assert(
      fc.property(sizes, inner, (cut, at) => {
        const { tally } = check(Buffer.concat(packets.toSpliced(at, 0, packets[at]!)), cut);
        expect(tally).toMatchObject({ gaps: 0, lostPackets: 0, repeatedPackets: 1, misaligned: 0 });
      }),
    );
  });

  it('counts a place with missing or additional bytes, and finds the packets after it', () => {
    fc.assert(
      fc.property(longReads, inner, fc.integer({ min: 1, max: 187 }), (cut, at, missing) => {
        const torn = packets.with(at, packets[at]!.subarray(0, PACKET_BYTES - missing));
        const { tally, newest } = check(Buffer.concat([...torn, ...stream(600).slice(400)]), cut);
        expect(tally.misaligned).toBeGreaterThan(0);
        expect(tally.misaligned).toBeLessThan(20);
        expect(newest.at(-2)).toBeGreaterThan(0);
      }),
    );
    const { tally } = check(Buffer.concat([Buffer.alloc(100, 1), ...packets]), [64_000]);
    expect(tally).toMatchObject({ misaligned: 1, gaps: 0 });
  });

  it('distinguishes null packets and discontinuity flags from media', () => {
    const nullPacket = Buffer.alloc(PACKET_BYTES, 0xff);
    nullPacket.set([0x47, 0x1f, 0xff, 0x10]);
    const adaptationOnly = Buffer.alloc(PACKET_BYTES, 0xff);
    adaptationOnly.set([0x47, 0x01, 0x00, 0x20, 183, 0x80]);
    const planted = packets.toSpliced(50, 0, nullPacket, adaptationOnly);
    const { tally } = check(Buffer.concat(planted), [777]);
    expect(tally).toMatchObject({ nullPackets: 1, discontinuityFlags: 1 });
    expect(tally).toMatchObject({ gaps: 0, repeatedPackets: 0, misaligned: 0 });
  });

  it('gives the time of the newest packet that a read completed, and none when it completed none', () => {
    const { newest } = check(Buffer.concat(packets.slice(2)), [100]);
    expect(newest[0]).toBe(-1);
    expect(newest[1]).toBeCloseTo(WALL_MS, 2);
  });

  it('notices the first key frame', () => {
    const checker = new PacketChecker(new ViewerTally());
    checker.read(packets[5]!, 0, PACKET_BYTES);
    expect(checker.sawKeyFrame).toBe(false);
    checker.read(packets[2]!, 0, PACKET_BYTES);
    expect(checker.sawKeyFrame).toBe(true);
  });
});
