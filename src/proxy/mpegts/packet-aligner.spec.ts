import fc from 'fast-check';
import { writePacket } from './fixtures/ts-writer';
import { PacketAligner } from './packet-aligner';

interface Aligned {
  packets: string[];
  resyncs: number;
  discarded: number;
  aligned: boolean;
}

/** Length of an RTP header that a packet follows; 0 for none, null while bytes are missing. */
function rtpHeader(all: Buffer, at: number): number | null {
  const first = all[at];
  if (first !== undefined && first >> 6 !== 2) return 0;
  if (first === undefined || all[at + 12] === undefined) return null;
  if ((all[at + 1]! & 0x7f) !== 33) return 0;
  let length = 12 + (first & 15) * 4;
  if ((first & 16) !== 0) {
    if (all[at + length + 3] === undefined) return null;
    length += 4 + all.readUInt16BE(at + length + 2) * 4;
  }
  if (length > 128) return 0;
  const sync = all[at + length];
  return sync === undefined ? null : sync === 0x47 ? length : 0;
}

/** True if `count` packets at this distance begin at `at`; null while bytes are missing. */
function holds(all: Buffer, at: number, distance: number, count: number): boolean | null {
  let next = at;
  for (let index = 0; index < count; index++) {
    const byte = all[next];
    if (byte === undefined) return null;
    if (byte !== 0x47) {
      const header = distance === 188 ? rtpHeader(all, next) : 0;
      if (header === null) return null;
      if (header === 0) return false;
      next += header;
    }
    next += distance;
  }
  return true;
}

/** A simple model of the aligner that sees the whole stream at once. Bytes that it cannot decide stay undecided. */
function model(all: Buffer): Aligned {
  const result: Aligned = { packets: [], resyncs: 0, discarded: 0, aligned: false };
  let at = 0;
  let distance = 188;
  let known = false;
  let inRow = 0;
  let lost = 0;
  while (at < all.length) {
    if (!result.aligned) {
      if (lost >= 65_536) known = false;
      const choices = known ? [distance] : [188, 192, 204, 208];
      let found: number | null = 0;
      for (const choice of all[at] === 0x47 ? choices : []) {
        const fits = holds(all, at, choice, known || choice === 188 ? 3 : 6);
        if (fits === true) found = choice;
        else if (fits === null) found = null;
        if (fits === true || (fits === null && choice === 188)) break;
      }
      if (found === null) break;
      if (found === 0) {
        at++;
        lost++;
        result.discarded++;
        continue;
      }
      result.aligned = true;
      distance = found;
      inRow = 0;
    }
    if (all[at] === 0x47) {
      if (at + 188 > all.length) break;
      result.packets.push(all.toString('hex', at, at + 188));
      at += distance;
      if (++inRow >= 16) known = true;
      continue;
    }
    const header = distance === 188 ? rtpHeader(all, at) : 0;
    if (header === null) break;
    at += header;
    if (header > 0) continue;
    result.aligned = false;
    result.resyncs++;
    lost = 0;
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

const packet = (index: number) =>
  writePacket({ pid: 256 + (index % 7), counter: index & 15, payload: Buffer.alloc(184, index) });

const packets = (count: number) =>
  Buffer.concat(Array.from({ length: count }, (_, at) => packet(at)));

interface Framing {
  readonly name: string;
  /** Packets between two headers. */
  readonly group: number;
  readonly before: (index: number) => Buffer;
  readonly after: (index: number) => Buffer;
}

/** Random bytes; the same seed gives the same bytes. */
function noise(length: number, seed: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed + 1;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

const NOTHING = () => Buffer.alloc(0);

function rtp(group: number, sources = 0, extension = 0): Framing {
  const before = (index: number) => {
    const header = Buffer.alloc(12 + sources * 4 + (extension > 0 ? 4 + extension * 4 : 0), 0xab);
    header[0] = 0x80 | (extension > 0 ? 0x10 : 0) | sources;
    header[1] = 33;
    header.writeUInt16BE(index & 0xffff, 2);
    if (extension > 0) header.writeUInt16BE(extension, 12 + sources * 4 + 2);
    return header;
  };
  return {
    name: `RTP of ${group}, ${sources} sources, extension ${extension}`,
    group,
    before,
    after: NOTHING,
  };
}

const FRAMINGS: readonly Framing[] = [
  { name: 'plain', group: 1, before: NOTHING, after: NOTHING },
  { name: 'M2TS', group: 1, before: (at) => noise(4, at), after: NOTHING },
  { name: 'DVB', group: 1, before: NOTHING, after: (at) => noise(16, at) },
  { name: 'ATSC', group: 1, before: NOTHING, after: (at) => noise(20, at) },
  rtp(7),
  rtp(1),
  rtp(2, 3),
  rtp(7, 0, 4),
];

function framed({ group, before, after }: Framing, count: number, from = 0): Buffer {
  return Buffer.concat(
    Array.from({ length: count }, (_, at) => [
      at % group === 0 ? before(from + at) : Buffer.alloc(0),
      packet(from + at),
      after(from + at),
    ]).flat(),
  );
}

describe('PacketAligner', () => {
  it('agrees with the model for any split and any garbage in between', () => {
    const garbage = fc
      .array(fc.oneof(fc.constant(0x47), fc.integer({ min: 0, max: 255 })), { maxLength: 400 })
      .map((bytes) => Buffer.from(bytes));
    const piece = fc.oneof(
      fc.integer({ min: 0, max: 8 }).map(packets),
      fc
        .tuple(fc.constantFrom(...FRAMINGS), fc.integer({ min: 0, max: 40 }))
        .map(([framing, count]) => framed(framing, count)),
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

  it('passes long runs as views, without copying', () => {
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

  it('counts a loss once and reports whether it is aligned', () => {
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

  describe.each(FRAMINGS)('$name', (framing) => {
    const { group, before } = framing;
    const headerBytes = before(0).length;

    it('is converted to packets of 188 bytes, without loss', () => {
      const all = framed(framing, 60);
      for (const sizes of [[all.length], [1], [100, 7, 1500]]) {
        const { packets: found, ...rest } = align(split(all, sizes));
        expect(found).toEqual(align([packets(60)]).packets);
        expect(rest).toMatchObject({ resyncs: 0, discarded: headerBytes, aligned: true });
      }
    });

    it('is found again after a loss in the middle of a packet', () => {
      const all = framed(framing, 60);
      const at = 30 * 188 + Math.ceil(30 / group) * headerBytes + 50;
      const damaged = Buffer.concat([all.subarray(0, at), all.subarray(at + 77)]);
      const { packets: found, resyncs } = align(split(damaged, [1000]));
      expect(resyncs).toBe(1);
      expect(found.at(-1)).toBe(packet(59).toString('hex'));
      expect(found.length).toBeGreaterThanOrEqual(56);
    });
  });

  it('does not switch the framing because of data between two losses', () => {
    const stray = framed(FRAMINGS[1]!, 40);
    const { packets: found } = align([packets(20), Buffer.alloc(33), stray, packets(20)]);
    expect(found.slice(-20)).toEqual(found.slice(0, 20));
    // The last stray packet happens to lie at the right distance.
    expect(found).toHaveLength(41);
  });

  it('detects another framing if the old one does not return', () => {
    const all = [packets(20), Buffer.alloc(70_000), framed(FRAMINGS[1]!, 40)];
    expect(align(all).packets).toHaveLength(60);
  });
});
