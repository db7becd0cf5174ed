import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { patSection, pes, pmtSection, TsWriter } from './fixtures/ts-writer';
import { TS_PACKET } from './packet';
import type * as Psi from './psi';
import { SOURCE_BUDGET, SourceBudget, type StructuralWork } from './source-budget';
import { TableRepair } from './table-repair';
import { TransportScanner } from './transport-scanner';

/** Work of the scanner's table readers, counted where it is done, not where it is charged. */
const done = { tables: 0, entries: 0 };

jest.mock('./psi', () => {
  const actual = jest.requireActual<typeof Psi>('./psi');
  const count = <R>(entriesOf: (read: R) => number, read: R | null): R | null => {
    done.tables++;
    done.entries += read === null ? 0 : entriesOf(read);
    return read;
  };
  return {
    ...actual,
    parsePat: (section: Buffer) =>
      count(({ programmes }) => programmes.length, actual.parsePat(section)),
    parsePmt: (section: Buffer, pid: number) =>
      count(({ streams }) => streams.length, actual.parsePmt(section, pid)),
  };
});

class CountedBudget extends SourceBudget {
  paid = 0;

  override spend(work: StructuralWork, units: number): boolean {
    const isPaid = super.spend(work, units);
    if (isPaid) this.paid += units;
    return isPaid;
  }
}

const MEGABYTE = 1_000_000;
const CHUNK = 64 * TS_PACKET;

/** Feeds packets as they arrive at this bit rate. */
function feed(bytes: Buffer, mbps: number): { scanner: TransportScanner; budget: CountedBudget } {
  const scanner = new TransportScanner();
  const budget = new CountedBudget();
  scanner.budget = budget;
  const repair = new TableRepair(budget);
  done.tables = 0;
  done.entries = 0;
  let position = 0;
  for (let at = 0; at < bytes.length; at += CHUNK) {
    const nowMs = (at * 8) / mbps / 1000;
    repair.push(bytes, at, Math.min(bytes.length, at + CHUNK), scanner, (buf, from, to) => {
      scanner.scan(buf, from, to, position, nowMs);
      position += to - from;
    });
    scanner.takeRandomAccessPoints();
  }
  return { scanner, budget };
}

interface Mix {
  readonly seed: number;
  /** Relative frequency of each kind of packet. */
  readonly weights: readonly number[];
  readonly entries: number;
}

/** Packets of changing tables, in all the ways that a malicious writer may choose. */
function hostile({ seed, weights, entries }: Mix, bytes: number): Buffer {
  let state = seed >>> 0;
  const random = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const writer = new TsWriter();
  const pid = (): number => 0x20 + random(64);
  const programmes = (count: number): [number, number][] =>
    Array.from({ length: count }, () => [1 + random(500), 0x1000 + random(100)]);
  const streams = (count: number): { pid: number; type: number }[] =>
    Array.from({ length: count }, () => ({ pid: pid(), type: [0x1b, 0x0f, 0x03][random(3)]! }));
  const kinds: readonly (() => unknown)[] = [
    () => writer.section(0, patSection(programmes(1 + random(entries)), random(32))),
    () => {
      const sections = Array.from({ length: 11 }, () => patSection(programmes(1), random(32)));
      writer.packet({
        pid: 0,
        unitStart: true,
        payload: Buffer.concat([Buffer.from([0]), ...sections, Buffer.alloc(8, 0xff)]),
      });
    },
    () => {
      const which = random(3);
      const many = streams(1 + random(entries * 4));
      const section = pmtSection(which + 1, pid(), many, random(32));
      if (random(3) === 0) section[section.length - 1]! ^= 0x55;
      writer.section(0x1000 + which, section);
    },
    () =>
      writer.section(
        0,
        patSection(
          [
            [1, 0x1000],
            [2, 0x1001],
            [3, 0x1002],
          ],
          random(2),
        ),
      ),
    () => writer.section(0x1000, pmtSection(1, 0x20, streams(3), random(32))),
    () => writer.pes({ pid: pid() }, pes(Buffer.from([0, 0, 1, 0x65, 0x55]), random(2 ** 31))),
    () =>
      writer.packet({
        pid: 0,
        unitStart: random(2) === 0,
        payload: Buffer.alloc(184, random(256)),
      }),
  ];
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  while (writer.position < bytes) {
    let pick = random(total);
    const kind = weights.findIndex((weight) => (pick -= weight) < 0);
    kinds[Math.max(0, kind)]!();
  }
  return writer.bytes().subarray(0, bytes - (bytes % TS_PACKET));
}

const mixes: fc.Arbitrary<Mix> = fc.record({
  seed: fc.nat(),
  weights: fc
    .tuple(...Array.from({ length: 7 }, () => fc.integer({ min: 0, max: 8 })))
    .filter((weights) => weights.some((weight) => weight > 0)),
  entries: fc.integer({ min: 1, max: 200 }),
});

describe('malicious tables', () => {
  it('cause no more work than is charged, and none once the budget is spent', () => {
    fc.assert(
      fc.property(mixes, fc.constantFrom(2, 8, 20), (mix, mbps) => {
        const bytes = hostile(mix, MEGABYTE);
        const { scanner, budget } = feed(bytes, mbps);
        const { burst, perSecond, perKib } = SOURCE_BUDGET;
        const seconds = (bytes.length * 8) / mbps / 1e6;
        const allowed = burst + seconds * perSecond + (bytes.length / 1024) * perKib;
        expect(budget.paid).toBeLessThanOrEqual(allowed);
        // One unit pays for a section, and another one for each eight of its entries.
        expect(done.tables).toBeLessThanOrEqual(budget.paid);
        expect(done.entries).toBeLessThanOrEqual(8 * budget.paid);
        expect(scanner.programmeChanges).toBeLessThanOrEqual(budget.paid);
        if (budget.exceededBy === null) return;
        const { programme, leading, tables } = scanner;
        const before = { ...done };
        const more = hostile({ ...mix, seed: mix.seed + 1 }, MEGABYTE / 10);
        scanner.scan(more, 0, more.length, 10 * MEGABYTE, seconds * 1000);
        expect(done).toEqual(before);
        expect(scanner.programme).toBe(programme);
        expect(scanner.leading).toBe(leading);
        expect(scanner.tables).toEqual(tables);
      }),
      { numRuns: 12 },
    );
  });

  it.each<[string, readonly number[]]>([
    ['another PAT of 42 programmes in each packet', [1, 0, 0, 0, 0, 0, 0]],
    ['eleven PATs in each packet', [0, 1, 0, 0, 0, 0, 0]],
  ])('%s exceed the budget within 1 MiB', (_what, weights) => {
    const { budget } = feed(hostile({ seed: 1, weights, entries: 42 }, MEGABYTE), 8);
    expect(budget.exceededBy).toBe('tables');
    expect(done.entries).toBeLessThan(80_000);
  });
});

describe('broadcasts', () => {
  const FIXTURES = ['h264-aac', 'h264-open-gop', 'hevc-aac', 'mpeg2-mp2', 'audio-only'];

  it.each(FIXTURES)('%s uses at most a hundredth of the budget', (name) => {
    const bytes = readFileSync(join(__dirname, 'fixtures', `${name}.m2t`));
    expect(feed(bytes, 1000).budget.highestUse).toBeLessThan(0.01);
  });

  /** 60 s of media that arrive at once. */
  function minute(tables: (writer: TsWriter, tenth: number) => void): Buffer {
    const writer = new TsWriter();
    const media = Buffer.alloc(184, 0x55);
    for (let tenth = 0; tenth < 600; tenth++) {
      tables(writer, tenth);
      for (let n = 0; n < 5; n++) {
        const pts = (tenth * 5 + n) * 1800;
        writer.pes({ pid: 0x100, pcr: pts * 300 }, pes(Buffer.from([0, 0, 1, 0x65, 0x55]), pts));
        for (let more = 0; more < 20; more++) writer.packet({ pid: 0x100, payload: media });
      }
    }
    return writer.bytes();
  }

  const listed = Array.from({ length: 64 }, (_, n): [number, number] => [n + 1, 0x1000 + n]);
  const streams = (n: number): { pid: number; type: number }[] => [
    { pid: 0x100 + 4 * n, type: 0x1b },
    { pid: 0x101 + 4 * n, type: 0x0f },
    { pid: 0x102 + 4 * n, type: 0x06 },
  ];
  const damaged = (section: Buffer): Buffer => {
    const bad = Buffer.from(section);
    bad[bad.length - 1]! ^= 0x55;
    return bad;
  };

  const BROADCASTS: readonly [string, (writer: TsWriter, tenth: number) => void][] = [
    [
      'a transponder of 64 programmes, all tables ten times a second',
      (writer) => {
        writer.section(0, patSection(listed));
        listed.forEach(([number, pid], n) => {
          writer.section(pid, pmtSection(number, 0x100 + 4 * n, streams(n)));
        });
      },
    ],
    [
      'a programme that changes its PMT every five seconds',
      (writer, tenth) => {
        writer.section(0, patSection([[1, 0x1000]]));
        const version = Math.floor(tenth / 50) & 31;
        writer.section(
          0x1000,
          pmtSection(1, 0x100, [...streams(0), ...streams(1 + (version & 1))], version),
        );
      },
    ],
    [
      'tables with a wrong CRC',
      (writer) => {
        writer.section(0, damaged(patSection([[1, 0x1000]])));
        writer.section(0x1000, damaged(pmtSection(1, 0x100, streams(0))));
      },
    ],
    ['no PAT', (writer) => void writer.section(0x1000, pmtSection(1, 0x100, streams(0)))],
    [
      'a PMT of 200 streams',
      (writer) => {
        writer.section(0, patSection([[1, 0x1000]]));
        const many = Array.from({ length: 200 }, (_, n) => ({ pid: 0x100 + n, type: 0x0f }));
        writer.section(0x1000, pmtSection(1, 0x100, many));
      },
    ],
  ];

  it.each(BROADCASTS)('%s stays below a tenth of the budget', (_what, tables) => {
    const { budget, scanner } = feed(minute(tables), 100);
    expect(scanner.programme).not.toBeNull();
    expect(budget.exceededBy).toBeNull();
    expect(budget.highestUse).toBeLessThan(0.1);
  });
});
