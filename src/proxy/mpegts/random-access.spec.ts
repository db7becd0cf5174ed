import fc from 'fast-check';
import { pes } from './fixtures/ts-writer';
import { type PsiSnapshot } from './psi-tracker';
import {
  type PesPlace,
  type ProvableCodec,
  RandomAccessDetector,
  sliceTypeOf,
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
    // Payload that looks like a recovery point message to a parser that does not count bytes.
    bytes.push(...Array.from({ length: size }, () => 0x06));
  }
  return [...bytes, 0x80];
}

const place = (position: number, pts = position): PesPlace => ({
  position,
  pts,
  dts: pts,
  pid: 256,
  counter: 0,
  psi: {} as PsiSnapshot,
});

/**
 * Indexes of the PES packets in which random access points begin, from 0.
 *
 * @param isSkipping parts without a start code are passed over where possible
 */
function pointsIn(
  codec: ProvableCodec,
  packets: readonly Buffer[],
  cuts: readonly number[] = [184],
  isSkipping = false,
): RandomAccessDetector[] {
  const detector = new RandomAccessDetector(codec);
  const found: RandomAccessDetector[] = [];
  for (const [index, data] of packets.entries()) {
    detector.begin(place(index));
    let at = 0;
    for (let turn = 0; at < data.length; turn++) {
      const end = Math.min(data.length, at + (cuts[turn % cuts.length] ?? 1));
      const part = data.subarray(at, end);
      at = end;
      const isPlain = !part.includes(Buffer.from(START)) && part.at(-1) !== 0;
      if (isSkipping && isPlain && detector.skip(part.length)) continue;
      if (detector.feed(part, 0, part.length))
        found.push(Object.assign(new RandomAccessDetector(codec), detector));
    }
  }
  return found;
}

const positionsIn = (...args: Parameters<typeof pointsIn>): (number | undefined)[] =>
  pointsIn(...args).map(({ point }) => point?.position);

const detect = (...[codec, data, ...how]: DetectParameters): boolean =>
  positionsIn(codec, [data], ...how).length > 0;

type DetectParameters = [ProvableCodec, Buffer, cuts?: readonly number[], isSkipping?: boolean];

const cases: [string, ProvableCodec, number[], boolean][] = [
  ['IDR', 'h264', [...AUD, ...SPS, ...PPS, ...START, 0x65, ...FILL], true],
  ['IDR without parameter sets', 'h264', [...START, 0x65, ...FILL], true],
  ['P slice', 'h264', [...AUD, ...slice(0)], false],
  ['P slice with parameter sets', 'h264', [...AUD, ...SPS, ...PPS, ...slice(5)], false],
  ['I slice without parameter sets', 'h264', [...AUD, ...slice(7)], false],
  ['I slice with SPS only', 'h264', [...AUD, ...SPS, ...slice(7)], false],
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((type): (typeof cases)[number] => [
    `slice type ${type} with parameter sets`,
    'h264',
    [...AUD, ...SPS, ...PPS, ...slice(type)],
    [2, 4, 7, 9].includes(type) ? true : false,
  ]),
  ['I slice that begins late', 'h264', [...SPS, ...PPS, ...slice(7, 8159)], true],
  ['recovery point', 'h264', [...AUD, ...sei([6, 1]), ...slice(0)], true],
  [
    'recovery point after others',
    'h264',
    [...AUD, ...sei([1, 9], [4, 300], [6, 1]), ...slice(0)],
    true,
  ],
  ['another SEI', 'h264', [...AUD, ...sei([1, 9], [261, 12], [4, 300]), ...slice(0)], false],
  ['empty SEI message', 'h264', [...AUD, ...sei([1, 0], [6, 1]), ...slice(0)], true],
  ['data partition', 'h264', [...AUD, ...START, 0x42, ...FILL], false],
  ['no slice', 'h264', [...AUD, ...SPS, ...PPS], false],
  ...[0, 1, 9, 15, 16, 17, 18, 19, 20, 21, 22, 31].map((type): (typeof cases)[number] => [
    `HEVC slice of type ${type}`,
    'hevc',
    [0, ...START, 70, 1, 0x50, ...START, 64, 1, ...FILL, ...START, type << 1, 1, ...FILL],
    type >= 16 && type <= 21 ? true : false,
  ]),
  ['sequence and I', 'mpeg2-video', [...START, 0xb3, ...FILL, ...START, 0, 0, 0x08, 0], true],
  [
    'sequence, GOP and I',
    'mpeg2-video',
    [...START, 0xb3, ...FILL, ...START, 0xb8, 0, 8, 0, 0, ...START, 0, 0, 0x0f, 0xff],
    true,
  ],
  ['sequence and P', 'mpeg2-video', [...START, 0xb3, ...FILL, ...START, 0, 0, 0x10, 0], false],
  ['I without sequence', 'mpeg2-video', [...START, 0, 0, 0x08, 0, ...FILL], false],
  ['slices only', 'mpeg2-video', [...START, 1, ...FILL], false],
];

describe('RandomAccessDetector', () => {
  it.each(cases)('%s (%s)', (_name, codec, bytes, expected) => {
    const data = pes(Buffer.from(bytes), 90_000, 86_400);
    expect(detect(codec, data)).toBe(expected);
    expect(detect(codec, data, [1])).toBe(expected);
  });

  it('gives the same result however the PES packet is split, with and without passing over parts', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...cases),
        fc.array(fc.integer({ min: 1, max: 184 }), { minLength: 1 }),
        fc.boolean(),
        ([, codec, bytes, expected], cuts, isSkipping) => {
          expect(detect(codec, pes(Buffer.from(bytes), 1), cuts, isSkipping)).toBe(expected);
        },
      ),
    );
  });

  it('assembles no start code across a gap, and continues the search after it', () => {
    const detector = new RandomAccessDetector('h264');
    detector.begin(place(0));
    const head = pes(Buffer.from([0x55, 0, 0]));
    expect(detector.feed(head, 0, head.length)).toBe(false);
    detector.gap();
    expect(detector.feed(Buffer.from([1, 0x65, 0x55]), 0, 3)).toBe(false);
    expect(detector.feed(Buffer.from([0, 0, 1, 0x65, 0x88]), 0, 5)).toBe(true);
  });
});

/** A picture that begins with its first slice. */
const P = [...AUD, ...slice(5)];
const IDR = [...START, 0x65, 0x88, ...FILL];
const KEY = [...AUD, ...SPS, ...PPS, ...IDR];
const HEVC_SETS = [32, 33, 34].flatMap((type) => [...START, type << 1, 1, 0x55, 0x66]);
const HEVC_P = [...START, 1 << 1, 1, 0xaa, ...FILL];
const HEVC_KEY = [...START, 19 << 1, 1, 0xaa, ...FILL];
const SEQUENCE = [...START, 0xb3, 1, 2, 3, ...START, 0xb5, 0x14, 0x82, 0];
const picture = (type: number, temporal: number): number[] => [
  ...START,
  0,
  temporal >> 2,
  ((temporal & 3) << 6) | (type << 3),
  0,
  ...START,
  1,
  ...FILL,
];
const GROUP = [...START, 0xb8, 0, 8, 0, 0];

const streams: [string, ProvableCodec, number[][], number[]][] = [
  [
    'key frame last of several pictures',
    'h264',
    [
      [...P, ...P, ...KEY],
      [...P, ...P],
    ],
    [0],
  ],
  ['key frame in the middle', 'h264', [P, [...P, ...KEY, ...P], P], [1]],
  ['no delimiters', 'h264', [[...slice(5), ...slice(5), ...SPS, ...PPS, ...IDR, ...slice(5)]], [0]],
  [
    'no parameter sets of its own',
    'h264',
    [
      [...KEY, ...slice(5)],
      [...slice(5), ...IDR],
    ],
    [0, 1],
  ],
  ['parameters in a PES packet of their own', 'h264', [P, [...AUD, ...SPS, ...PPS], IDR, P], [1]],
  ['each in one of its own', 'h264', [P, SPS, PPS, [...AUD, ...sei([1, 9])], IDR, P], [1]],
  ['several slices', 'h264', [P, [...KEY, ...START, 0x65, 0x20, ...FILL], P], [1]],
  ['key frame over several PES packets', 'h264', [[...P, ...KEY], FILL, [...FILL, ...P]], [0]],
  [
    'begins in the middle, continues in the next',
    'h264',
    [
      [...P, ...AUD, ...SPS],
      [...PPS, ...IDR],
    ],
    [0],
  ],
  ['HEVC, several pictures', 'hevc', [[...HEVC_P, ...HEVC_P, ...HEVC_SETS, ...HEVC_KEY]], [0]],
  ['HEVC, sets of their own', 'hevc', [HEVC_P, HEVC_SETS, HEVC_KEY, HEVC_P], [1]],
  ['HEVC recovery point', 'hevc', [HEVC_P, [...START, 78, 1, 6, 1, 0x80, ...HEVC_P]], [1]],
  [
    'MPEG-2, several pictures',
    'mpeg2-video',
    [[...picture(2, 1), ...SEQUENCE, ...picture(1, 0)]],
    [0],
  ],
  ['MPEG-2, sequence of its own', 'mpeg2-video', [picture(2, 1), SEQUENCE, picture(1, 0)], [1]],
  [
    'MPEG-2, sequence once',
    'mpeg2-video',
    [
      [...SEQUENCE, ...picture(1, 0)],
      [...GROUP, ...picture(1, 0)],
    ],
    [0, 1],
  ],
  [
    'MPEG-2, second field',
    'mpeg2-video',
    [[...SEQUENCE, ...picture(1, 3)], picture(1, 3), picture(1, 4)],
    [0, 2],
  ],
];

describe('access units that differ from PES packets', () => {
  it.each(streams)('%s (%s)', (_name, codec, units, expected) => {
    const packets = units.map((unit, index) => pes(Buffer.from(unit), index));
    expect(positionsIn(codec, packets)).toEqual(expected);
    expect(positionsIn(codec, packets, [1])).toEqual(expected);
  });

  it('finds the same PES packets for any split into PES packets', () => {
    const pictures = [P, KEY, P, P, KEY, P].map((unit) => Buffer.from(unit));
    const all = Buffer.concat(pictures);
    const keysAt = [1, 4].map((n) => Buffer.concat(pictures.slice(0, n)).length);
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 1, max: all.length - 1 }), { maxLength: 12 }),
        (places) => {
          const starts = [0, ...places.sort((a, b) => a - b)];
          // PES packets without timestamps, as if no access unit began in them.
          const packets = starts.map((from, index) => pes(all.subarray(from, starts[index + 1])));
          // A zero byte before the start code belongs to it, and to no unit.
          const expected = keysAt.map((at) => starts.findLastIndex((from) => from <= at + 1));
          expect(positionsIn('h264', packets, [17, 60])).toEqual(expected);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('detects when PES packets begin to contain several access units', () => {
    const single = Array.from({ length: 300 }, (_, index) => (index % 50 === 0 ? KEY : P));
    const several = Array.from({ length: 100 }, (_, index) => [
      ...P,
      ...(index % 4 === 3 ? KEY : P),
    ]);
    const packets = [...single, ...several].map((unit, index) => pes(Buffer.from(unit), index));
    const found = positionsIn('h264', packets);
    expect(found.slice(0, 6)).toEqual([0, 50, 100, 150, 200, 250]);
    expect(found.slice(-20)).toEqual(Array.from({ length: 20 }, (_, index) => 323 + index * 4));
  });

  it('reports whether undecodable pictures come first', () => {
    const clean = (...units: number[][]): boolean[] =>
      pointsIn(
        'h264',
        units.map((unit) => pes(Buffer.from(unit))),
      ).map((one) => one.isFirstInPes);
    expect(clean(P, KEY, [...P, ...KEY], [...FILL, ...KEY])).toEqual([true, false, false]);
  });
});

describe('parameter sets that the stream does not repeat', () => {
  const brought = (codec: ProvableCodec, units: number[][]): (string | undefined)[] =>
    pointsIn(
      codec,
      units.map((unit) => pes(Buffer.from(unit))),
      [7],
    ).map((one) => one.parameters?.toString('hex'));
  const hex = (...units: number[][]): string => Buffer.from(units.flat()).toString('hex');

  it.each<[string, ProvableCodec, number[][], (string | undefined)[]]>([
    ['none are missing', 'h264', [KEY, P, KEY], [undefined, undefined]],
    ['both are missing', 'h264', [KEY, P, IDR], [undefined, hex(SPS, PPS)]],
    ['the PPS is missing', 'h264', [KEY, P, [...AUD, ...SPS, ...IDR]], [undefined, hex(SPS, PPS)]],
    [
      'they were sent with another picture',
      'h264',
      [[...SPS, ...PPS, ...slice(5)], IDR],
      [hex(SPS, PPS)],
    ],
    ['HEVC', 'hevc', [[...HEVC_SETS, ...HEVC_KEY], HEVC_P, HEVC_KEY], [undefined, hex(HEVC_SETS)]],
    [
      'MPEG-2, with its extension',
      'mpeg2-video',
      [
        [...SEQUENCE, ...picture(1, 0)],
        [...GROUP, ...picture(1, 0)],
      ],
      [undefined, hex(SEQUENCE)],
    ],
  ])('%s (%s)', (_name, codec, units, expected) => {
    expect(brought(codec, units)).toEqual(expected);
  });

  it('uses the last sets, and adds a further PPS', () => {
    const other = [...START, 0x67, 0x4d, 0x00, 0x28, 0x99];
    const more = [...START, 0x68, 0x5a, 0x3c, 0x81];
    const units = [KEY, [...AUD, ...other, ...PPS, ...IDR], [...more, ...slice(5)], IDR];
    expect(brought('h264', units).at(-1)).toBe(hex(other, PPS, more));
  });

  it('drops sets that are too large', () => {
    const huge = [...START, 0x67, ...Array<number>(3000).fill(0x55)];
    expect(
      brought('h264', [
        [...huge, ...PPS, ...IDR],
        [...AUD, ...IDR],
      ]).at(-1),
    ).toBe(hex(PPS));
  });
});

it('reads slice types after any first_mb_in_slice, and waits for missing bits', () => {
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
