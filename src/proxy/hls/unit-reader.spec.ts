import fc from 'fast-check';
import { TransportScanner, TS_PACKET } from '../mpegts';
import { patSection, pes, pmtSection, TsWriter } from '../mpegts/fixtures/ts-writer';
import { UnitReader, type MediaUnit } from './unit-reader';

const WRAP = 2 ** 33;
const VIDEO = 0x100;
const AUDIO = 0x101;

function tables(writer: TsWriter): TsWriter {
  const streams = [
    { pid: VIDEO, type: 0x1b },
    { pid: AUDIO, type: 0x0f },
  ];
  return writer
    .section(0, patSection([[1, 0x1000]]))
    .section(0x1000, pmtSection(1, VIDEO, streams));
}

/** Reads all bytes in pieces of `packets` packets. */
function unitsOf(bytes: Buffer, packets = 1000, maxStepMs = 8000): MediaUnit[] {
  const scanner = new TransportScanner();
  scanner.scan(bytes, 0, bytes.length, 0, 0);
  const reader = new UnitReader({ maxStepMs, mediaTimeAt: (position) => position });
  const units: MediaUnit[] = [];
  for (let at = 0; at < bytes.length; at += packets * 188) {
    const run = bytes.subarray(at, at + packets * 188);
    reader.read(run, at, scanner.programme!, 0, (unit) => units.push(unit));
  }
  return units;
}

function frame(writer: TsWriter, ticks: number, reorder = 3600, discontinuity = false): void {
  const unit = Buffer.alloc(400, 0x55);
  unit.set([0, 0, 1, 0x41]);
  const dts = ((ticks % WRAP) + WRAP) % WRAP;
  writer.pes({ pid: VIDEO, discontinuity }, pes(unit, (dts + reorder) % WRAP, dts), 150);
  writer.pes({ pid: AUDIO }, pes(Buffer.alloc(50), dts));
}

describe('UnitReader', () => {
  it('assigns units to one line across any number of wraps, however packets are grouped', () => {
    const steps = fc.array(fc.integer({ min: 90, max: 90 * 7000 }), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(
        steps,
        fc.nat(WRAP - 1),
        fc.integer({ min: 1, max: 20 }),
        (list, start, packets) => {
          const writer = tables(new TsWriter());
          let ticks = start;
          frame(writer, ticks);
          for (const step of list) frame(writer, (ticks += step));
          const units = unitsOf(writer.bytes(), packets);
          expect(units).toHaveLength(list.length + 1);
          list.forEach((step, i) => {
            const [from, to] = [units[i]!, units[i + 1]!];
            expect(to.decodedMs - from.decodedMs).toBeCloseTo(step / 90, 3);
            expect(to.presentedMs - to.decodedMs).toBeCloseTo(40, 3);
            expect(to.breaksAt).toBeNull();
          });
        },
      ),
      { numRuns: 100 },
    );
  });

  it.each([
    ['a jump forward', 90 * 8001, false, true],
    ['the largest continuous step', 90 * 8000, false, false],
    ['a jump back', -90 * 1001, false, true],
    ['a small step back', -90 * 900, false, false],
    ['a flag where time continues', 3600, true, false],
    ['a flag and a jump', 90 * 60_000, true, true],
  ])('%s', (_, step, flagged, isBreak) => {
    const writer = tables(new TsWriter());
    frame(writer, 900_000);
    frame(writer, 903_600);
    frame(writer, 903_600 + step, 3600, flagged);
    frame(writer, 903_600 + step + 3600);
    const units = unitsOf(writer.bytes());
    const breaks = units.flatMap(({ breaksAt }, i) => (breaksAt === null ? [] : [[i, breaksAt]]));
    expect(breaks).toEqual(isBreak ? [[2, units[2]!.position]] : []);
  });

  it.each([
    ['a splice, which flags the tables too', 0, true],
    ['a flag on video only', VIDEO, false],
    ['a flag on audio only', AUDIO, false],
  ])('%s', (_, pid, isBreak) => {
    const writer = tables(new TsWriter());
    frame(writer, 900_000);
    writer.packet({ pid, discontinuity: true });
    frame(writer, 903_600);
    const [first, second] = unitsOf(writer.bytes());
    expect(first!.breaksAt).toBeNull();
    // The flagged packets no longer belong to the first source.
    expect(second!.breaksAt).toBe(isBreak ? second!.position - TS_PACKET : null);
  });

  it('uses the media time of the position when units are scrambled', () => {
    const writer = tables(new TsWriter());
    for (let i = 0; i < 3; i++) {
      writer.pes({ pid: VIDEO, scrambled: true }, pes(Buffer.alloc(400), i * 3600));
    }
    const units = unitsOf(writer.bytes());
    expect(units).toHaveLength(3);
    for (const { position, decodedMs, presentedMs } of units) {
      expect([decodedMs, presentedMs]).toEqual([position, position]);
    }
  });

  it('reads the leading stream: audio while there is no video, then video', () => {
    const writer = tables(new TsWriter());
    const sound = (ticks: number): void =>
      void writer.pes({ pid: AUDIO }, pes(Buffer.alloc(50), ticks));
    for (let n = 0; n < 100; n++) sound(n * 3600);
    const evening = writer.position;
    const key = Buffer.from([0, 0, 1, 0x65, ...Array<number>(50).fill(0x55)]);
    for (let n = 100; n < 150; n++) {
      writer.pes({ pid: VIDEO }, pes(key, n * 3600 + 7200));
      sound(n * 3600);
    }
    const units = unitsOf(writer.bytes(), 7);
    const sounds = units.filter(({ position }) => position < evening);
    // For the first second, segments wait for video.
    expect(sounds).toHaveLength(75);
    expect(units.slice(75)).toHaveLength(50);
    expect(units.every(({ breaksAt }) => breaksAt === null)).toBe(true);
    expect(units.at(-1)!.presentedMs - units[0]!.presentedMs).toBeCloseTo(124 * 40 + 80);
  });

  it('reports missed packets', () => {
    const writer = tables(new TsWriter());
    for (let i = 0; i < 4; i++) frame(writer, 900_000 + i * 3600);
    const bytes = writer.bytes();
    const scanner = new TransportScanner();
    scanner.scan(bytes, 0, bytes.length, 0, 0);
    const reader = new UnitReader({ maxStepMs: 8000, mediaTimeAt: () => null });
    const units: MediaUnit[] = [];
    const read = (from: number): void =>
      reader.read(bytes, from, scanner.programme!, 0, (unit) => units.push(unit));
    read(0);
    reader.skipped(bytes.length + 188);
    read(bytes.length + 188);
    const breaks = units.map(({ breaksAt }) => breaksAt !== null);
    expect(breaks).toEqual([false, false, false, false, true, false, false, false]);
  });
});
