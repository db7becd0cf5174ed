import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { patSection, pes, pmtSection, type StreamSpec, TsWriter } from './fixtures/ts-writer';
import {
  continuityCounter,
  discontinuityIndicator,
  nullPackets,
  payloadOffset,
  TS_PACKET,
} from './packet';
import { pesDecodingTime, pesPresentationTime } from './pes';
import { type StreamCodec } from './stream-codec';
import { type EntryPoint } from './entry-point';
import { TransportScanner } from './transport-scanner';

const MS = 27_000;
const VIDEO: StreamSpec = { pid: 256, type: 0x1b };
const AUDIO: StreamSpec = { pid: 257, type: 0x0f };
const KEY = Buffer.from([0, 0, 1, 0x65, 0x88, ...Array<number>(300).fill(0x55)]);
const INTER = Buffer.from([0, 0, 1, 0x41, 0x9a, ...Array<number>(300).fill(0x55)]);

const tables = (writer: TsWriter, streams = [VIDEO, AUDIO], version = 0) =>
  writer
    .section(0, patSection([[1, 4096]]))
    .section(4096, pmtSection(1, streams[0]!.pid, streams, version));

function scan(bytes: Buffer, arrivalMs = 0): [TransportScanner, readonly EntryPoint[]] {
  const scanner = new TransportScanner();
  scanner.scan(bytes, 0, bytes.length, 0, arrivalMs);
  return [scanner, scanner.takeRandomAccessPoints()];
}

const positions = (points: readonly EntryPoint[]) => points.map((point) => point.position);

const fixtures = [
  ['h264-aac', 'h264', 'aac'],
  ['h264-open-gop', 'h264', 'aac'],
  ['h264-intra-refresh', 'h264', 'aac'],
  ['hevc-aac', 'hevc', 'aac'],
  ['mpeg2-mp2', 'mpeg2-video', 'mp2'],
  ['audio-only', 'mp2'],
] satisfies [string, ...StreamCodec[]][];

function readFixture(name: string): { bytes: Buffer; keyframes: number[] } {
  const path = join(__dirname, 'fixtures', name);
  return {
    bytes: readFileSync(`${path}.m2t`),
    keyframes: JSON.parse(readFileSync(`${path}.json`, 'utf8')).keyframes,
  };
}

describe('TransportScanner on streams of real encoders', () => {
  it.each(fixtures)('%s: finds the key frames that ffprobe finds', (name, ...codecs) => {
    const { bytes, keyframes } = readFixture(name);
    const [scanner, points] = scan(bytes, 5);
    expect(positions(points)).toEqual(keyframes);
    expect(scanner.programme?.streams.map((stream) => stream.codec)).toEqual(codecs);
    expect(points.every((point) => point.keyframe === (name !== 'audio-only'))).toBe(true);
    expect(scanner).toMatchObject({
      packets: bytes.length / TS_PACKET,
      continuityErrors: 0,
      programmeChanges: 0,
      psiReadyAt: 3 * TS_PACKET,
      firstPatArrivalMs: 5,
      lastMediaArrivalMs: 5,
      firstKeyframeArrivalMs: name === 'audio-only' ? null : 5,
    });
    expect(scanner.clock.source).toBe('pcr');
    expect(scanner.clock.mediaTimeAt(bytes.length)).toBeGreaterThan(3000);
    expect(scanner.clock.mediaTimeAt(bytes.length)).toBeLessThan(3500);
  });

  it.each(fixtures.map(([name]) => name))(
    '%s: gives the same result however its packets are grouped',
    (name) => {
      const { bytes } = readFixture(name);
      const state = (scanner: TransportScanner, points: readonly EntryPoint[]) => ({
        points: points.map(({ position, preface }) => [position, preface.toString('hex')]),
        programme: scanner.programme,
        preface: scanner.psiPreface()?.toString('hex'),
        counters: [scanner.packets, scanner.mediaPackets, scanner.nullPackets],
        errors: [scanner.continuityErrors, scanner.transportErrors, scanner.scrambledPackets],
        psiReadyAt: scanner.psiReadyAt,
        bitrate: scanner.clock.bitrateBps,
        time: scanner.clock.mediaTimeAt(bytes.length / 2),
      });
      // Lost packets must not make the result depend on the grouping either.
      const damaged = fc
        .uniqueArray(fc.nat({ max: bytes.length / TS_PACKET - 1 }), { maxLength: 5 })
        .map((lost) =>
          Buffer.concat(
            Array.from({ length: bytes.length / TS_PACKET }, (_, index) =>
              lost.includes(index)
                ? Buffer.alloc(0)
                : bytes.subarray(index * TS_PACKET, (index + 1) * TS_PACKET),
            ),
          ),
        );
      fc.assert(
        fc.property(
          damaged,
          fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 10 }),
          (data, groups) => {
            const scanner = new TransportScanner();
            const points: EntryPoint[] = [];
            let at = 0;
            for (let turn = 0; at < data.length; turn++) {
              const size = (groups[turn % groups.length] ?? 1) * TS_PACKET;
              const end = Math.min(data.length, at + size);
              const lead = 3 * (turn % 5);
              const chunk = Buffer.concat([Buffer.alloc(lead), data.subarray(at, end)]);
              scanner.scan(chunk, lead, chunk.length, at, 9);
              points.push(...scanner.takeRandomAccessPoints());
              chunk.fill(0);
              at = end;
            }
            expect(state(scanner, points)).toEqual(state(...scan(data, 9)));
          },
        ),
        { numRuns: 20 },
      );
    },
  );
});

describe('random access points', () => {
  it('carry the last complete tables before them, shared until the tables are repeated', () => {
    const writer = tables(new TsWriter());
    const expected: [number, number][] = [];
    const key = () => {
      expected.push([writer.position, tablesAt]);
      writer.pes({ pid: 256 }, pes(KEY));
    };
    let tablesAt = 0;
    key();
    writer.pes({ pid: 256 }, pes(INTER));
    key();
    tablesAt = writer.position;
    tables(writer);
    key();
    const bytes = writer.bytes();
    const [scanner, points] = scan(bytes);
    expect(positions(points)).toEqual(expected.map(([position]) => position));
    points.forEach((point, index) => {
      const from = expected[index]![1];
      expect(point.preface).toEqual(bytes.subarray(from, from + 2 * TS_PACKET));
    });
    expect(points[1]!.bytesBeside(points[0]!)).toBeLessThan(points[1]!.bytesBeside(null) - 376);
    expect(scanner.psiPreface()).toEqual(points[2]!.preface);
    expect(scanner.takeRandomAccessPoints()).toHaveLength(0);
  });

  it('do not carry tables that were completed after their start', () => {
    const writer = tables(new TsWriter());
    const before = writer.bytes();
    const position = writer.position;
    // The second packet proves the random access point, after a repetition of the tables.
    const data = pes(Buffer.concat([Buffer.alloc(200, 0x55), KEY]));
    writer.packet({ pid: 256, unitStart: true, payload: data.subarray(0, 184) });
    tables(writer);
    writer.packet({ pid: 256, payload: data.subarray(184) });
    const [, points] = scan(writer.bytes());
    expect(positions(points)).toEqual([position]);
    expect(points[0]!.preface).toEqual(before);
  });

  it('carry tables with counters that their PIDs continue, whatever else is sent there', () => {
    const other = pmtSection(2, 300, [{ pid: 300, type: 0x1b }]);
    const writer = new TsWriter();
    for (let n = 0; n < 40; n++) {
      writer.section(
        0,
        patSection([
          [1, 4096],
          [2, 4096],
        ]),
      );
      writer.section(4096, pmtSection(1, 256, [VIDEO, AUDIO]));
      for (let m = 0; m <= n % 3; m++) writer.section(4096, other);
      writer
        .pes({ pid: 256 }, pes(KEY, n * 45_000))
        .pes({ pid: 256 }, pes(INTER, n * 45_000 + 3600));
      writer.section(4096, other);
    }
    const bytes = writer.bytes();
    const [, points] = scan(bytes);
    expect(points.length).toBeGreaterThan(20);
    for (const { position, preface } of points) {
      const last = continuityCounter(preface, preface.length - TS_PACKET);
      let next = position;
      while ((bytes.readUInt16BE(next + 1) & 0x1fff) !== 4096) next += TS_PACKET;
      expect(continuityCounter(bytes, next)).toBe((last + 1) & 0x0f);
    }
  });

  it('begin with parameter sets in a separate PES packet, and carry the tables before those', () => {
    const sets = Buffer.from([0, 0, 1, 0x67, 0x64, 0, 0x1f, 0xac, 0, 0, 1, 0x68, 0xee, 0x3c, 0x80]);
    const writer = tables(new TsWriter()).pes({ pid: 256 }, pes(INTER, 1));
    const before = writer.bytes().subarray(0, 2 * TS_PACKET);
    const position = writer.position;
    writer.pes({ pid: 256 }, pes(sets, 2));
    tables(writer).pes({ pid: 256 }, pes(KEY, 2)).pes({ pid: 256 }, pes(INTER, 3));
    const [, points] = scan(writer.bytes());
    expect(positions(points)).toEqual([position]);
    expect(points[0]!.preface).toEqual(before);
  });

  it('add parameter sets that were sent once, in a PES packet with the same timestamps', () => {
    const sets = Buffer.from([0, 0, 1, 0x67, ...Array(200).fill(0x64), 0, 0, 1, 0x68, 0xee, 0x80]);
    const writer = tables(new TsWriter()).pes({ pid: 256 }, pes(Buffer.concat([sets, KEY]), 1));
    writer.pes({ pid: 256 }, pes(INTER, 2)).pes({ pid: 256 }, pes(KEY, 9000, 3000));
    const bytes = writer.bytes();
    const [, points] = scan(bytes);
    expect(points[0]!.preface).toHaveLength(2 * TS_PACKET);
    const { preface, position } = points[1]!;
    const brought = preface.subarray(2 * TS_PACKET);
    expect(brought).toHaveLength(2 * TS_PACKET);
    // The counters lead up to that of the point, and the first packet flags the discontinuity.
    const counters = [0, TS_PACKET].map((at) => continuityCounter(brought, at));
    const next = continuityCounter(bytes, position);
    expect(counters).toEqual([(next + 14) & 15, (next + 15) & 15]);
    expect(discontinuityIndicator(brought, 0)).toBe(true);
    const payload = Buffer.concat(
      [0, TS_PACKET].map((at) => brought.subarray(payloadOffset(brought, at), at + TS_PACKET)),
    );
    expect([pesPresentationTime(payload, 0, 99), pesDecodingTime(payload, 0, 99)]).toEqual([
      9000, 3000,
    ]);
    expect(payload.readUInt16BE(4)).toBe(payload.length - 6);
    expect(payload.subarray(19)).toEqual(sets);
  });

  it('are limited to a few per second after the first ones', () => {
    const writer = tables(new TsWriter());
    for (let index = 0; index < 3000; index++) {
      writer.section(0, patSection([[1, 4096]]));
      // Media time stands still.
      writer.packet({ pid: 256, unitStart: true, payload: pes(KEY.subarray(0, 40)) });
    }
    const [scanner, points] = scan(writer.bytes());
    expect(points.length).toBeLessThan(40);
    expect(scanner.budget.exceededBy).toBeNull();
  });

  it('are charged to the budget if timestamps jump ahead to create many', () => {
    const writer = tables(new TsWriter());
    for (let index = 0; index < 12_000; index++) {
      const pcr = index * 1000 * MS;
      const payload = pes(KEY.subarray(0, 40));
      writer.packet({ pid: 256, unitStart: true, pcr, payload });
    }
    expect(scan(writer.bytes())[0].budget.exceededBy).toBe('join_points');
  });

  it('do not exist before the tables were seen', () => {
    const writer = new TsWriter().pes({ pid: 256 }, pes(KEY));
    const key = tables(writer).position;
    writer.pes({ pid: 256 }, pes(KEY));
    const [scanner, points] = scan(writer.bytes());
    expect(positions(points)).toEqual([key]);
    expect(scanner.psiReadyAt).toBe(key);
  });

  it('rely on the flag only if the payload is unreadable', () => {
    const writer = tables(new TsWriter());
    const small = (payload: Buffer) => pes(payload).subarray(0, 150);
    writer.pes({ pid: 256, randomAccess: true }, small(INTER));
    const first = writer.position;
    writer.pes({ pid: 256, randomAccess: true, scrambled: true }, small(INTER));
    writer.pes({ pid: 256, scrambled: true }, small(KEY));
    const [scanner, points] = scan(writer.bytes());
    expect(positions(points)).toEqual([first]);
    expect(scanner.scrambledPackets).toBe(2);

    const unknown = tables(new TsWriter(), [{ pid: 256, type: 0xea }, AUDIO]);
    unknown.pes({ pid: 256 }, small(KEY));
    const flagged = unknown.position;
    unknown.pes({ pid: 256, randomAccess: true }, small(INTER));
    expect(positions(scan(unknown.bytes())[1])).toEqual([flagged]);
  });

  it('are the PES starts of audio if there is no video', () => {
    const writer = tables(new TsWriter(), [AUDIO, { pid: 258, type: 0x0f }]);
    const first = writer.position;
    writer.pes({ pid: 257 }, pes(Buffer.alloc(300)));
    writer.pes({ pid: 258 }, pes(Buffer.alloc(300)));
    const second = writer.position;
    writer.pes({ pid: 257 }, pes(Buffer.alloc(300)));
    const [scanner, points] = scan(writer.bytes());
    expect(positions(points)).toEqual([first, second]);
    expect(points.some((point) => point.keyframe)).toBe(false);
    expect(scanner.firstKeyframeArrivalMs).toBeNull();
  });
});

describe('counters', () => {
  const media = Buffer.alloc(184, 0x55);
  const count = (
    ...counters: (number | { counter: number; discontinuity?: boolean; empty?: boolean })[]
  ) => {
    const writer = new TsWriter();
    for (const entry of counters) {
      const spec = typeof entry === 'number' ? { counter: entry } : entry;
      const { empty = false, ...rest } = 'empty' in spec ? spec : { ...spec, empty: false };
      writer.packet({ pid: 300, ...rest, payload: empty ? undefined : media.subarray(0, 100) });
    }
    return scan(writer.bytes())[0].continuityErrors;
  };

  it.each<[string, number, number]>([
    ['in sequence, across the wrap', count(14, 15, 0, 1), 0],
    ['one lost', count(1, 2, 4, 5), 1],
    ['one repeated', count(1, 2, 2, 3), 0],
    ['repeated twice', count(1, 2, 2, 2, 3), 1],
    ['repeated again later', count(1, 1, 2, 2, 3), 0],
    ['flagged', count(1, 2, { counter: 9, discontinuity: true }, 10), 0],
    [
      'without payload',
      count(1, { counter: 1, empty: true }, 2, { counter: 9, empty: true }, 3),
      0,
    ],
    ['flagged without payload', count(1, { counter: 8, empty: true, discontinuity: true }, 9), 0],
    ['back', count(5, 4), 1],
  ])('continuity: %s', (_name, errors, expected) => {
    expect(errors).toBe(expected);
  });

  it('media excludes null packets, tables and packets with only a PCR', () => {
    const writer = tables(new TsWriter(), [VIDEO, AUDIO, { pid: 400, type: 0x05 }])
      .packet({ pid: 0x12, payload: media })
      .packet({ pid: 400, payload: media })
      .packet({ pid: 256, pcr: 0 });
    const [scanner] = scan(Buffer.concat([writer.bytes(), nullPackets(2)]), 3);
    expect(scanner).toMatchObject({
      packets: 7,
      nullPackets: 2,
      mediaPackets: 0,
      lastMediaArrivalMs: null,
    });
    const audio = new TsWriter().packet({ pid: 257, payload: media }).bytes();
    scanner.scan(audio, 0, audio.length, 7 * TS_PACKET, 8);
    expect(scanner).toMatchObject({ packets: 8, mediaPackets: 1, lastMediaArrivalMs: 8 });
  });

  it('counts damaged packets and does not read them', () => {
    const writer = tables(new TsWriter());
    writer.packet({
      pid: 256,
      unitStart: true,
      payload: pes(KEY).subarray(0, 184),
      transportError: true,
    });
    const [scanner, points] = scan(writer.bytes());
    expect(scanner.transportErrors).toBe(1);
    expect(points).toHaveLength(0);
  });
});

describe('programme', () => {
  it('is the first one whose PMT has streams, and stays selected', () => {
    const writer = new TsWriter()
      .section(
        0,
        patSection([
          [1, 100],
          [2, 200],
          [3, 300],
        ]),
      )
      .section(100, pmtSection(1, 256, []))
      .section(200, pmtSection(2, 256, [VIDEO]))
      .section(300, pmtSection(3, 257, [AUDIO]));
    const [scanner] = scan(writer.bytes());
    expect(scanner.programme).toMatchObject({ programmeNumber: 2, pmtPid: 200 });
    expect(scanner.psiReadyAt).toBe(3 * TS_PACKET);
    expect(scanner.programmeChanges).toBe(0);
  });

  it.each<[string, number, number, number, number]>([
    ['PMT, video and audio on 0x10 to 0x12', 0x10, 0x11, 0x12, 0x11],
    ['a separate PCR PID there', 0x55, 0x11, 0x12, 0x13],
    ['PIDs that are not reserved', 0x03, 0x0f, 0x1f, 0x04],
  ])('may have %s', (_name, pmtPid, videoPid, audioPid, pcrPid) => {
    const media = Buffer.alloc(184, 0x55);
    const writer = new TsWriter().section(0, patSection([[1, pmtPid]]));
    writer.section(
      pmtPid,
      pmtSection(1, pcrPid, [
        { pid: videoPid, type: 0x1b },
        { pid: audioPid, type: 0x0f },
      ]),
    );
    const key = writer.position;
    writer.packet({ pid: pcrPid, pcr: 0 });
    const picture = writer.position;
    writer.pes({ pid: videoPid }, pes(KEY)).packet({ pid: audioPid, payload: media });
    // No PMT announces this PID, so it is the table that DVB defines.
    writer.packet({ pid: 0x14, payload: media });
    writer.packet({ pid: pcrPid, pcr: 40 * MS });
    const [scanner, points] = scan(writer.bytes(), 3);
    expect(positions(points)).toEqual([picture]);
    expect(points[0]!.keyframe).toBe(true);
    expect(scanner).toMatchObject({ mediaPackets: 3, lastMediaArrivalMs: 3, continuityErrors: 0 });
    expect(scanner.clock.source).toBe('pcr');
    expect(scanner.clock.mediaTimeAt(key)).toBe(0);
  });

  it("can have streams on the PIDs of other programmes' tables", () => {
    const writer = new TsWriter()
      .section(
        0,
        patSection([
          [1, 4096],
          [2, 256],
        ]),
      )
      .section(4096, pmtSection(1, 256, [VIDEO, AUDIO]));
    const key = writer.position;
    writer.pes({ pid: 256 }, pes(KEY));
    expect(positions(scan(writer.bytes())[1])).toEqual([key]);
  });

  it('changes if PIDs or types change, not with the version alone', () => {
    const writer = tables(tables(new TsWriter()), [VIDEO, AUDIO], 1);
    expect(scan(writer.bytes())[0]).toMatchObject({
      programmeChanges: 0,
      programme: { version: 1 },
    });
    const hevc = { pid: 256, type: 0x24 };
    tables(writer, [hevc, AUDIO], 2);
    const position = writer.position;
    writer.pes({ pid: 256 }, pes(Buffer.from([0, 0, 1, 0x26, 1, 0x55])));
    const [scanner, points] = scan(writer.bytes());
    expect(scanner.programmeChanges).toBe(1);
    expect(positions(points)).toEqual([position]);
  });

  it('moves to another PMT with the PAT, and no point has inconsistent tables', () => {
    const writer = tables(new TsWriter()).pes({ pid: 256 }, pes(KEY));
    writer.section(0, patSection([[1, 500]], 1)).pes({ pid: 256 }, pes(KEY));
    writer.section(500, pmtSection(1, 256, [VIDEO, AUDIO]));
    const last = writer.position;
    writer.pes({ pid: 256 }, pes(KEY));
    const [scanner, points] = scan(writer.bytes());
    expect(positions(points)).toEqual([2 * TS_PACKET, last]);
    expect(scanner.programme?.pmtPid).toBe(500);
    expect(scanner.programmeChanges).toBe(1);
  });
});

describe('media time', () => {
  /** 100 pictures, with a key frame every 200 ms. */
  const timeline = (write: (writer: TsWriter, index: number, picture: Buffer) => void) => {
    const writer = tables(new TsWriter());
    for (let index = 0; index < 100; index++) write(writer, index, index % 5 === 0 ? KEY : INTER);
    return scan(writer.bytes());
  };

  it('comes from the PCR, across its wrap', () => {
    const start = 2 ** 33 * 300 - 2000 * MS;
    const [scanner, points] = timeline((writer, index, picture) => {
      const ticks = (start + index * 40 * MS) % (2 ** 33 * 300);
      writer.pes({ pid: 256, pcr: ticks }, pes(picture, 5));
    });
    expect(scanner.clock).toMatchObject({ source: 'pcr', discontinuities: 0 });
    expect(
      points.map(({ position }) => Math.round(scanner.clock.mediaTimeAt(position) ?? -1)),
    ).toEqual(Array.from({ length: 20 }, (_, index) => index * 200));
  });

  it('comes from the decoding times if there is no PCR', () => {
    const start = 2 ** 33 - 90_000;
    const reorder = [0, 2, -1, -1];
    const [scanner, points] = timeline((writer, index, picture) => {
      const dts = (start + index * 3600) % 2 ** 33;
      const pts = (dts + 3600 * (1 + (reorder[index % 4] ?? 0))) % 2 ** 33;
      writer.pes({ pid: 256 }, pes(picture, pts, pts === dts ? undefined : dts));
    });
    expect(scanner.clock).toMatchObject({ source: 'pts', discontinuities: 0 });
    expect(
      points.map(({ position }) => Math.round(scanner.clock.mediaTimeAt(position) ?? -1)),
    ).toEqual(Array.from({ length: 20 }, (_, index) => index * 200));
  });

  it('starts a new time base at a flagged discontinuity', () => {
    const [scanner] = timeline((writer, index) => {
      if (index === 50) writer.packet({ pid: 256, discontinuity: true });
      writer.pes({ pid: 256, pcr: (index + (index < 50 ? 0 : 100)) * 40 * MS }, pes(INTER));
    });
    expect(scanner.clock.discontinuities).toBe(1);
    expect(scanner.continuityErrors).toBe(0);
    expect(scanner.clock.mediaTimeAt(scanner.packets * TS_PACKET)).toBeLessThan(4000);
  });
});
