import fc from 'fast-check';
import { writePacket } from './fixtures/ts-writer';
import { PacketAligner } from './packet-aligner';

interface Aligned {
  packets: string[];
  resyncs: number;
  discarded: number;
  aligned: boolean;
}

/** The rule, on the whole stream at once: what is not decided by its bytes stays undecided. */
function model(all: Buffer): Aligned {
  const result: Aligned = { packets: [], resyncs: 0, discarded: 0, aligned: false };
  let at = 0;
  while (at < all.length) {
    if (!result.aligned) {
      const three = [all[at], all[at + 188], all[at + 376]];
      if (three.some((byte) => byte !== undefined && byte !== 0x47)) {
        at++;
        result.discarded++;
        continue;
      }
      if (three.includes(undefined)) break;
      result.aligned = true;
    }
    if (all[at] !== 0x47) {
      result.aligned = false;
      result.resyncs++;
    } else if (at + 188 <= all.length) {
      result.packets.push(all.toString('hex', at, at + 188));
      at += 188;
    } else break;
  }
  return result;
}

function align(pieces: Iterable<Buffer>): Aligned {
  const aligner = new PacketAligner();
  const packets: string[] = [];
  for (const piece of pieces) {
    aligner.push(piece, (buf, start, end) => {
      expect((end - start) % 188).toBe(0);
      for (let at = start; at < end; at += 188) packets.push(buf.toString('hex', at, at + 188));
    });
  }
  const { resyncs, discardedBytes, aligned } = aligner;
  return { packets, resyncs, discarded: discardedBytes, aligned };
}

function* split(all: Buffer, sizes: readonly number[]): Generator<Buffer> {
  let at = 0;
  for (let turn = 0; at < all.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    yield Buffer.from(all.subarray(at, at + size));
    at += size;
  }
}

const packets = (count: number) =>
  Buffer.concat(
    Array.from({ length: count }, (_, index) =>
      writePacket({
        pid: 256 + (index % 7),
        counter: index & 15,
        payload: Buffer.alloc(184, index),
      }),
    ),
  );

describe('PacketAligner', () => {
  it('finds what the model finds, however bytes are split and whatever garbage is between', () => {
    const garbage = fc
      .array(fc.oneof(fc.constant(0x47), fc.integer({ min: 0, max: 255 })), { maxLength: 400 })
      .map((bytes) => Buffer.from(bytes));
    const piece = fc.oneof(
      fc.integer({ min: 0, max: 8 }).map(packets),
      garbage,
      fc.integer({ min: 0, max: 187 }).map((length) => packets(1).subarray(0, length)),
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 8 }),
        fc.array(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 1500 })), {
          minLength: 1,
          maxLength: 12,
        }),
        (pieces, sizes) => {
          const all = Buffer.concat(pieces);
          expect(align(split(all, sizes))).toEqual(model(all));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('works byte by byte', () => {
    const all = Buffer.concat([
      Buffer.from('HTTP'),
      packets(5),
      Buffer.alloc(50, 0x47),
      packets(4),
    ]);
    expect(align(split(all, [1]))).toEqual(model(all));
  });

  it('hands long runs out of the data itself, without copying', () => {
    const aligner = new PacketAligner();
    const data = packets(10);
    const runs: [boolean, number, number][] = [];
    const sink = (buf: Buffer, start: number, end: number) => runs.push([buf === data, start, end]);
    aligner.push(data, sink);
    aligner.push(data.subarray(0, 100), sink);
    const rest = data.subarray(100);
    aligner.push(rest, (buf, start, end) => runs.push([buf === rest, start, end]));
    expect(runs).toEqual([
      [true, 0, 1880],
      [false, 0, 188],
      [true, 88, 1780],
    ]);
  });

  it('counts a loss once and tells whether it is aligned', () => {
    const aligner = new PacketAligner();
    const sink = () => undefined;
    expect(aligner.aligned).toBe(false);
    aligner.push(packets(3), sink);
    expect(aligner).toMatchObject({ aligned: true, resyncs: 0, discardedBytes: 0 });
    aligner.push(Buffer.alloc(1000), sink);
    expect(aligner).toMatchObject({ aligned: false, resyncs: 1, discardedBytes: 1000 });
    aligner.push(packets(3), sink);
    expect(aligner).toMatchObject({ aligned: true, resyncs: 1, discardedBytes: 1000 });
  });
});
