import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pesUnitPrint, type PesUnitPrint } from './pes-unit-print';
import { LoopDetector } from './loop-detector';

const SECOND = 90_000;
const WRAP = 2 ** 33;

/** A unit of the content's own time `second`. */
const unit = (second: number, content = second): PesUnitPrint => ({
  ticks: (second * SECOND) % WRAP,
  print: ((second * SECOND) % WRAP) * 1000 + (content % 1000),
});

/** Feeds units that are 1 s of media apart. Returns the seconds at which a loop was reported. */
function feed(detector: LoopDetector, units: readonly PesUnitPrint[], fromMs = 0): number[] {
  return units.flatMap((one, i) => (detector.add(one, fromMs + i * 1000) === null ? [] : [i]));
}

const seconds = (from: number, count: number): PesUnitPrint[] =>
  Array.from({ length: count }, (_, i) => unit(from + i));

describe('LoopDetector', () => {
  it('finds a repeated minute as soon as enough of it was repeated', () => {
    const detector = new LoopDetector({ confirmMs: 10_000 });
    const found = feed(detector, [...seconds(0, 60), ...seconds(0, 60)]);
    expect(found[0]).toBe(70);
    expect(found.at(-1)).toBe(119);
    expect(detector.add(unit(0), 120_000)).toEqual({ periodMs: 60_000 });
  });

  it.each([1, 2, 3, 7, 59, 300])(
    'finds a loop of %d s, with or without a different unit at each seam',
    (period) => {
      const detector = new LoopDetector({ confirmMs: 10_000 });
      const once = seconds(1000, period);
      const often = Array.from({ length: Math.ceil(60 / period) + 3 }, () => once).flat();
      const found = feed(detector, [...seconds(0, 30), ...often]);
      expect(found[0]).toBeLessThanOrEqual(30 + period + 13);
      // The unit at each seam may be split differently each time.
      const cut = often.map((one, i) => (i % period === 0 ? { ...one, print: -i - 1 } : one));
      if (period >= 3) expect(feed(new LoopDetector({ confirmMs: 10_000 }), cut)).not.toEqual([]);
    },
  );

  it('ends when new content arrives', () => {
    const detector = new LoopDetector({ confirmMs: 5000 });
    expect(feed(detector, [...seconds(0, 20), ...seconds(0, 20)]).length).toBeGreaterThan(0);
    expect(feed(detector, seconds(20, 30), 40_000)).toEqual([0]);
  });

  it.each<[string, () => PesUnitPrint[]]>([
    ['a stream that continues', () => seconds(0, 2000)],
    [
      'a picture that stands still',
      () => seconds(0, 600).map(({ ticks }) => unit(ticks / SECOND, 7)),
    ],
    ['a clip that is broadcast repeatedly', () => seconds(0, 600).map((_, i) => unit(i, i % 8))],
    ['a wrap of the clock', () => seconds(Math.floor(WRAP / SECOND) - 100, 300)],
    [
      'a clock that restarts',
      () => [...seconds(0, 300), ...seconds(0, 300).map((_, i) => unit(i, i + 500))],
    ],
    ['a few seconds sent twice', () => [...seconds(0, 100), ...seconds(92, 100)]],
  ])('%s is no loop', (_, make) => {
    expect(feed(new LoopDetector({ confirmMs: 10_000 }), make())).toEqual([]);
  });

  it('reports no loop for a new source that overlaps the previous one', () => {
    const detector = new LoopDetector({ confirmMs: 10_000 });
    feed(detector, seconds(0, 60));
    detector.reset();
    expect(feed(detector, seconds(30, 60), 60_000)).toEqual([]);
  });

  it('remembers a bounded number of units', () => {
    const detector = new LoopDetector({ confirmMs: 10_000 });
    feed(detector, seconds(0, 5000));
    expect(detector.size).toBe(1024);
  });

  it('never reports a loop for new content, however timestamps jump', () => {
    const jumps = fc.array(fc.integer({ min: -5000, max: 5000 }), { maxLength: 300 });
    fc.assert(
      fc.property(jumps, (steps) => {
        const detector = new LoopDetector({ confirmMs: 1000 });
        let second = 50_000;
        const units = steps.map((step, i) => {
          second = Math.max(0, second + step);
          return { ticks: (second * SECOND) % WRAP, print: i };
        });
        expect(feed(detector, units)).toEqual([]);
      }),
    );
  });

  it('always finds a repetition longer than the limit, wherever it begins', () => {
    fc.assert(
      fc.property(fc.nat(200), fc.integer({ min: 12, max: 400 }), (before, period) => {
        const detector = new LoopDetector({ confirmMs: 10_000 });
        const found = feed(detector, [
          ...seconds(5000, before),
          ...seconds(0, period),
          ...seconds(0, period),
        ]);
        expect(found[0]).toBe(before + period + 10);
      }),
      { numRuns: 50 },
    );
  });
});

describe('pesUnitPrint', () => {
  const bytes = readFileSync(join(__dirname, 'fixtures', 'h264-aac.m2t'));
  const keyframes: number[] = JSON.parse(
    readFileSync(join(__dirname, 'fixtures', 'h264-aac.json'), 'utf8'),
  ).keyframes;
  const print = (from: number, to = bytes.length) => pesUnitPrint([bytes.subarray(from, to)], 256);

  it('is equal for the same unit, however its packets are grouped, and different for other units', () => {
    const prints = keyframes.slice(0, -1).map((at) => print(at));
    expect(new Set(prints.map((one) => (one as PesUnitPrint).print)).size).toBe(prints.length);
    const at = keyframes[1]!;
    const packets = Array.from({ length: 100 }, (_, i) =>
      bytes.subarray(at + i * 188, at + (i + 1) * 188),
    );
    expect(pesUnitPrint(packets, 256)).toEqual(prints[1]);
  });

  it('waits for the whole unit', () => {
    expect(print(keyframes[1]!, keyframes[1]! + 188)).toBe('incomplete');
    expect(pesUnitPrint([], 256)).toBe('incomplete');
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 188 * 3, maxLength: 188 * 8 }), (noise) => {
        pesUnitPrint([Buffer.from(noise)], 256);
      }),
    );
  });
});
