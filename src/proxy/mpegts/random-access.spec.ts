import fc from 'fast-check';
import { pes } from './fixtures/ts-writer';
import {
  type ProvableCodec,
  RandomAccessDetector,
  sliceTypeOf,
  type Verdict,
} from './random-access';

const START = [0, 0, 1];
const AUD = [0, 0, 0, 1, 0x09, 0xf0];
const SPS = [...START, 0x67, 0x64, 0x00, 0x1f, 0xac];
const PPS = [...START, 0x68, 0xee, 0x3c, 0x80];
const FILL = Array.from({ length: 30 }, () => 0x55);

function ue(value: number): string {
  const bits = (value + 1).toString(2);
  return '0'.repeat(bits.length - 1) + bits;
}

/** A non-IDR slice: first_mb_in_slice, slice_type, then filling, with emulation prevention. */
function slice(type: number, firstMb = 0): number[] {
  const bits = (ue(firstMb) + ue(type) + '1').padEnd(64, '0');
  const bytes = bits.match(/.{8}/g)!.map((byte) => parseInt(byte, 2));
  const escaped: number[] = [];
  for (const byte of bytes) {
    if (byte <= 3 && escaped.at(-1) === 0 && escaped.at(-2) === 0) escaped.push(3);
    escaped.push(byte);
  }
  return [...START, 0x41, ...escaped, ...FILL];
}

function sei(...messages: [type: number, size: number][]): number[] {
  const bytes = [...START, 0x06];
  for (const [type, size] of messages) {
    for (const value of [type, size]) {
      bytes.push(...Array.from({ length: Math.floor(value / 255) }, () => 0xff), value % 255);
    }
    // Filling that looks like a recovery point message to whoever does not count.
    bytes.push(...Array.from({ length: size }, () => 0x06));
  }
  return [...bytes, 0x80];
}

function detect(codec: ProvableCodec, data: Buffer, cuts: readonly number[] = [184]): Verdict {
  const detector = new RandomAccessDetector(codec);
  detector.begin();
  let at = 0;
  for (let turn = 0; at < data.length; turn++) {
    const end = Math.min(data.length, at + (cuts[turn % cuts.length] ?? 1));
    const verdict = detector.feed(data, at, end);
    if (verdict !== 'pending') return verdict;
    at = end;
  }
  return 'pending';
}

const cases: [string, ProvableCodec, number[], Verdict][] = [
  ['IDR', 'h264', [...AUD, ...SPS, ...PPS, ...START, 0x65, ...FILL], 'point'],
  ['IDR without parameter sets', 'h264', [...START, 0x65, ...FILL], 'point'],
  ['P slice', 'h264', [...AUD, ...slice(0)], 'none'],
  ['P slice with parameter sets', 'h264', [...AUD, ...SPS, ...PPS, ...slice(5)], 'none'],
  ['I slice without parameter sets', 'h264', [...AUD, ...slice(7)], 'none'],
  ['I slice with SPS only', 'h264', [...AUD, ...SPS, ...slice(7)], 'none'],
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((type): (typeof cases)[number] => [
    `slice type ${type} with parameter sets`,
    'h264',
    [...AUD, ...SPS, ...PPS, ...slice(type)],
    [2, 4, 7, 9].includes(type) ? 'point' : 'none',
  ]),
  ['I slice that begins late', 'h264', [...SPS, ...PPS, ...slice(7, 8159)], 'point'],
  ['recovery point', 'h264', [...AUD, ...sei([6, 1]), ...slice(0)], 'point'],
  ['recovery point behind others', 'h264', [...AUD, ...sei([1, 9], [4, 300], [6, 1])], 'point'],
  ['another SEI', 'h264', [...AUD, ...sei([1, 9], [261, 12], [4, 300]), ...slice(0)], 'none'],
  ['empty SEI message', 'h264', [...AUD, ...sei([1, 0], [6, 1])], 'point'],
  ['data partition', 'h264', [...AUD, ...START, 0x42, ...FILL], 'none'],
  ['no slice at all', 'h264', [...AUD, ...SPS, ...PPS], 'pending'],
  ...[0, 1, 9, 15, 16, 17, 18, 19, 20, 21, 22, 31].map((type): (typeof cases)[number] => [
    `HEVC slice of type ${type}`,
    'hevc',
    [0, ...START, 70, 1, 0x50, ...START, 64, 1, ...FILL, ...START, type << 1, 1, ...FILL],
    type >= 16 && type <= 21 ? 'point' : 'none',
  ]),
  ['sequence and I', 'mpeg2-video', [...START, 0xb3, ...FILL, ...START, 0, 0, 0x08, 0], 'point'],
  [
    'sequence, GOP and I',
    'mpeg2-video',
    [...START, 0xb3, ...FILL, ...START, 0xb8, 0, 8, 0, 0, ...START, 0, 0, 0x0f, 0xff],
    'point',
  ],
  ['sequence and P', 'mpeg2-video', [...START, 0xb3, ...FILL, ...START, 0, 0, 0x10, 0], 'none'],
  ['I without sequence', 'mpeg2-video', [...START, 0, 0, 0x08, 0, ...FILL], 'none'],
  ['slices only', 'mpeg2-video', [...START, 1, ...FILL], 'none'],
];

describe('RandomAccessDetector', () => {
  it.each(cases)('%s (%s)', (_name, codec, bytes, expected) => {
    const data = pes(Buffer.from(bytes), 90_000, 86_400);
    expect(detect(codec, data)).toBe(expected);
    expect(detect(codec, data, [1])).toBe(expected);
  });

  it('decides the same however the PES is cut', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...cases),
        fc.array(fc.integer({ min: 1, max: 184 }), { minLength: 1 }),
        ([, codec, bytes, expected], cuts) => {
          expect(detect(codec, pes(Buffer.from(bytes), 1), cuts)).toBe(expected);
        },
      ),
    );
  });

  it('gives up after 64 KiB', () => {
    expect(detect('h264', pes(Buffer.alloc(65_500, 0x55)))).toBe('pending');
    expect(detect('h264', pes(Buffer.alloc(66_000, 0x55)))).toBe('none');
  });

  it('joins no start code over a gap, but goes on searching behind it', () => {
    const detector = new RandomAccessDetector('h264');
    detector.begin();
    const head = pes(Buffer.from([0x55, 0, 0]));
    expect(detector.feed(head, 0, head.length)).toBe('pending');
    detector.gap();
    expect(detector.feed(Buffer.from([1, 0x65, 0x55]), 0, 3)).toBe('pending');
    expect(detector.feed(Buffer.from([0, 0, 1, 0x65]), 0, 4)).toBe('point');
  });
});

it('reads slice types behind any first_mb_in_slice, and waits for missing bits', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 139_263 }),
      fc.integer({ min: 0, max: 9 }),
      (mb, type) => {
        const needed = ue(mb).length + ue(type).length;
        const bits = (ue(mb) + ue(type)).padEnd(64, '1');
        const header = Uint8Array.from(bits.match(/.{8}/g)!.map((byte) => parseInt(byte, 2)));
        for (let count = 0; count <= 64; count += 8) {
          expect(sliceTypeOf(header, count)).toBe(count >= needed ? type : -1);
        }
      },
    ),
  );
});
