import { patSection, pes, pmtSection, type StreamSpec, TsWriter } from './fixtures/ts-writer';
import { continuityCounter, payloadOffset, pid as pidOf, TS_PACKET } from './packet';
import { crc32Mpeg, SectionAssembler } from './psi';
import { TableRepair } from './table-repair';
import { type EntryPoint } from './entry-point';
import { TransportScanner } from './transport-scanner';

const VIDEO: StreamSpec = { pid: 0x100, type: 0x1b };
const AUDIO: StreamSpec = { pid: 0x101, type: 0x0f };
const PMT = 0x1000;
const KEY = pes(Buffer.from([0, 0, 1, 0x65, ...Array<number>(100).fill(0x55)]));
const REPETITIONS = 20;

/** The section with another CRC, as written by encoders that compute it wrongly. */
function damaged(section: Buffer, crc = 0x12345678): Buffer {
  const bad = Buffer.from(section);
  bad.writeUInt32BE(crc, bad.length - 4);
  return bad;
}

function changed(section: Buffer, change: (section: Buffer) => void): Buffer {
  const other = Buffer.from(section);
  change(other);
  other.writeUInt32BE(crc32Mpeg(other, 0, other.length - 4), other.length - 4);
  return other;
}

const notInForce = (section: Buffer): Buffer =>
  changed(section, (bytes) => {
    bytes[5]! &= 0xfe;
  });

const numbered = (section: Buffer, number: number, last: number): Buffer =>
  changed(section, (bytes) => {
    bytes[6] = number;
    bytes[7] = last;
  });

const pat = patSection([[1, PMT]]);
const pmt = pmtSection(1, VIDEO.pid, [VIDEO, AUDIO]);

/** A broadcast of key frames; `tables` writes the tables before each. */
function broadcast(tables: (writer: TsWriter, n: number) => void): Buffer {
  const writer = new TsWriter();
  for (let n = 0; n < REPETITIONS; n++) {
    tables(writer, n);
    writer.pes({ pid: VIDEO.pid }, KEY);
    writer.packet({ pid: AUDIO.pid, payload: Buffer.alloc(184, 0x55) });
  }
  return writer.bytes();
}

interface Read {
  readonly out: Buffer;
  readonly scanner: TransportScanner;
  readonly points: readonly EntryPoint[];
}

function read(bytes: Buffer, packets = 1): Read {
  const scanner = new TransportScanner();
  const repair = new TableRepair(scanner.budget);
  const parts: Buffer[] = [];
  let position = 0;
  for (let at = 0; at < bytes.length; at += packets * TS_PACKET) {
    const end = Math.min(bytes.length, at + packets * TS_PACKET);
    repair.push(bytes, at, end, scanner, (buf, from, to) => {
      parts.push(Buffer.from(buf.subarray(from, to)));
      scanner.scan(buf, from, to, position, 0);
      position += to - from;
    });
  }
  return { out: Buffer.concat(parts), scanner, points: scanner.takeRandomAccessPoints() };
}

/** Sections of these PIDs as a receiver reads them, without damaged ones. */
function sectionsIn(bytes: Buffer, ...pids: number[]): Buffer[] {
  const sections: Buffer[] = [];
  const assemblers = new Map(
    pids.map((pid) => [
      pid,
      new SectionAssembler((section) => sections.push(Buffer.from(section))),
    ]),
  );
  for (let at = 0; at < bytes.length; at += TS_PACKET) {
    assemblers.get(pidOf(bytes, at))?.push(bytes, at, payloadOffset(bytes, at));
  }
  return sections;
}

const mediaOf = (bytes: Buffer): Buffer[] => {
  const packets: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += TS_PACKET) {
    const packet = bytes.subarray(at, at + TS_PACKET);
    if ([VIDEO.pid, AUDIO.pid].includes(pidOf(packet, 0))) packets.push(packet);
  }
  return packets;
};

type Tables = (writer: TsWriter, n: number) => void;

const REPAIRED: readonly [string, Tables][] = [
  ['no PAT', (writer) => writer.section(PMT, pmt)],
  ['a PAT with a wrong CRC', (writer) => writer.section(0, damaged(pat)).section(PMT, pmt)],
  ['a PMT with a wrong CRC', (writer) => writer.section(0, pat).section(PMT, damaged(pmt))],
  ['both with a wrong CRC', (writer) => writer.section(0, damaged(pat)).section(PMT, damaged(pmt))],
  [
    'a CRC that differs each time',
    (writer, n) => writer.section(0, damaged(pat, n)).section(PMT, damaged(pmt, n)),
  ],
  ['no PAT and a wrong CRC', (writer) => writer.section(PMT, damaged(pmt))],
  [
    'a PAT that lists the network only',
    (writer) => writer.section(0, patSection([[0, 0x10]])).section(PMT, pmt),
  ],
  [
    'a PMT on a PID that the PAT does not list',
    (writer) => writer.section(0, patSection([[1, 0x200]])).section(PMT, pmt),
  ],
  [
    'a PMT of another number than the PAT lists',
    (writer) => writer.section(0, patSection([[7, PMT]])).section(PMT, pmt),
  ],
  [
    'tables that are never current',
    (writer) => writer.section(0, notInForce(pat)).section(PMT, notInForce(pmt)),
  ],
  [
    'a PMT whose second section never comes',
    (writer) => writer.section(0, pat).section(PMT, numbered(pmt, 0, 1)),
  ],
  [
    'a PAT that is cut',
    (writer) =>
      writer
        .packet({
          pid: 0,
          unitStart: true,
          payload: Buffer.concat([
            Buffer.from([0]),
            changed(patSection(Array(60).fill([1, PMT])), () => 0),
          ]).subarray(0, 184),
        })
        .section(PMT, pmt),
  ],
];

describe('TableRepair', () => {
  it.each(REPAIRED)('makes a stream playable with %s', (_what, tables) => {
    const bytes = broadcast(tables);
    const { out, scanner, points } = read(bytes);
    expect(scanner.programme?.streams.map(({ pid }) => pid)).toEqual([VIDEO.pid, AUDIO.pid]);
    // The proof takes three copies; each later key frame is a random access point.
    expect(points.length).toBeGreaterThanOrEqual(REPETITIONS - 4);
    expect(scanner.continuityErrors).toBe(0);
    // A viewer that joins there receives tables that every receiver can read.
    for (const { preface } of [points[0]!, points.at(-1)!]) {
      const sections = sectionsIn(preface, 0, PMT);
      expect(sections.map((section) => section[0])).toEqual([0, 2]);
      expect(sections.every((section) => (section[5]! & 1) === 1)).toBe(true);
    }
    // The tables are repeated, and the media are unchanged.
    const repeated = sectionsIn(out.subarray(points[0]!.position), 0, PMT);
    expect(repeated.filter((section) => section[0] === 0).length).toBeGreaterThan(10);
    expect(repeated.filter((section) => section[0] === 2).length).toBeGreaterThan(10);
    expect(mediaOf(out)).toEqual(mediaOf(bytes));
  });

  it.each(REPAIRED)('gives the same result however packets are grouped: %s', (_what, tables) => {
    const { points } = read(broadcast(tables), 7);
    expect(points.length).toBeGreaterThanOrEqual(REPETITIONS - 8);
  });

  const UNTOUCHED: readonly [string, Tables][] = [
    ['valid tables', (writer) => writer.section(0, pat).section(PMT, pmt)],
    [
      'a PMT that comes three times before its PAT does',
      (writer, n) => (n < 2 ? writer : writer.section(0, pat).section(PMT, pmt)),
    ],
    [
      'tables in several sections',
      (writer) =>
        writer
          .section(0, numbered(patSection([[9, 0x90]]), 0, 1))
          .section(0, numbered(pat, 1, 1))
          .section(PMT, numbered(pmtSection(1, VIDEO.pid, [VIDEO]), 0, 1))
          .section(PMT, numbered(pmtSection(1, VIDEO.pid, [AUDIO]), 1, 1)),
    ],
    [
      'a PAT that changes its stream id',
      (writer, n) =>
        writer
          .section(
            0,
            changed(pat, (section) => section.writeUInt16BE(n, 3)),
          )
          .section(PMT, pmt),
    ],
  ];

  it.each(UNTOUCHED)('leaves %s as they are', (_what, tables) => {
    const bytes = broadcast(tables);
    const { out, scanner } = read(bytes);
    expect(out.equals(bytes)).toBe(true);
    expect(scanner.programme?.streams.map(({ pid }) => pid)).toEqual([VIDEO.pid, AUDIO.pid]);
    expect(scanner.continuityErrors).toBe(0);
  });

  it('follows a changed PMT, and a programme on another PMT PID', () => {
    const moved = pmtSection(1, 0x110, [{ pid: 0x110, type: 0x1b }], 1);
    const { scanner } = read(
      Buffer.concat([
        broadcast((writer) => writer.section(PMT, damaged(pmt))),
        broadcast((writer) => writer.section(PMT, damaged(moved))),
      ]),
    );
    expect(scanner.programme).toMatchObject({ version: 1, pcrPid: 0x110 });
    const away = Array.from({ length: 15 }, () =>
      broadcast((writer) => writer.section(0x1001, damaged(pmt))),
    );
    const left = read(
      Buffer.concat([broadcast((writer) => writer.section(PMT, damaged(pmt))), ...away]),
    );
    expect(left.scanner.programme?.pmtPid).toBe(0x1001);
  });

  it('lists all programmes in a generated PAT', () => {
    const { scanner } = read(
      broadcast((writer) =>
        writer
          .section(PMT, pmt)
          .section(0x1001, pmtSection(2, 0x200, [{ pid: 0x200, type: 0x1b }])),
      ),
    );
    const [table] = sectionsIn(scanner.psiPreface()!, 0);
    expect(table!.subarray(8, -4)).toEqual(
      patSection([
        [1, PMT],
        [2, 0x1001],
      ]).subarray(8, -4),
    );
  });

  const HOPELESS: readonly [string, Tables][] = [
    ['no tables', () => undefined],
    ['no PMT', (writer) => writer.section(0, pat)],
    [
      'tables that are damaged differently each time',
      (writer, n) =>
        writer
          .section(0, damaged(patSection([[n + 1, PMT]])))
          .section(PMT, damaged(pmtSection(n + 1, VIDEO.pid, [VIDEO]))),
    ],
    ['a PMT without streams', (writer) => writer.section(PMT, pmtSection(1, VIDEO.pid, []))],
    [
      'a PMT that is cut',
      (writer) =>
        writer.section(0, pat).packet({
          pid: PMT,
          unitStart: true,
          payload: Buffer.concat([
            Buffer.from([0]),
            pmtSection(1, 0x100, Array(60).fill(VIDEO)),
          ]).subarray(0, 184),
        }),
    ],
  ];

  it.each(HOPELESS)('changes nothing when there are %s', (_what, tables) => {
    const bytes = broadcast(tables);
    const { out, scanner } = read(bytes);
    expect(out.equals(bytes)).toBe(true);
    expect(scanner.programme).toBeNull();
  });

  it('continues the counters of replaced packets', () => {
    const { out } = read(
      broadcast((writer) => writer.section(0, damaged(pat)).section(PMT, damaged(pmt))),
    );
    for (const pid of [0, PMT]) {
      const counters: number[] = [];
      for (let at = 0; at < out.length; at += TS_PACKET) {
        if (pidOf(out, at) === pid) counters.push(continuityCounter(out, at));
      }
      expect(counters).toEqual(counters.map((_, n) => n & 0x0f));
    }
  });
});
