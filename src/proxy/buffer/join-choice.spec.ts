import fc from 'fast-check';
import { joinPointBehind } from './join-choice';
import { JoinPoints, type JoinPoint } from './join-points';

const HEAD = 100_000;

/** A ring of one byte per millisecond with points of these ages. */
function pointsAged(...agesMs: number[]): JoinPoints {
  const points = new JoinPoints();
  for (const age of agesMs) {
    const position = HEAD - age;
    points.add({ position, bytesBeside: () => 1 } as unknown as JoinPoint);
  }
  return points;
}

const EVERY_500_MS = (oldestMs: number): number[] =>
  Array.from({ length: Math.floor(oldestMs / 500) + 1 }, (_, index) => oldestMs - index * 500);

function ageChosen(keys: number[], plain: number[], behindMs: number): number | null {
  const places = { randomAccess: pointsAged(...keys), plain: pointsAged(...plain) };
  const point = joinPointBehind(places, behindMs, HEAD, (position) => position);
  return point === null ? null : HEAD - point.position;
}

describe('joinPointBehind', () => {
  it.each<[string, number[], number[], number, number | null]>([
    ['a usual stream: the key frame before', [60_000, 7000, 5000, 3000, 1000], [], 3000, 3000],
    ['the key frame is a little older', [9000, 500], EVERY_500_MS(60_000), 3000, 9000],
    ['one key frame long ago', [63_000], EVERY_500_MS(63_000), 3000, 3000],
    ['key frames a minute apart', [61_000, 1000], EVERY_500_MS(61_000), 3000, 3000],
    ['one of them is nearly old enough', [61_000, 2000], EVERY_500_MS(61_000), 3000, 2000],
    ['groups of 20 s', [58_000, 38_000, 18_000], EVERY_500_MS(60_000), 3000, 18_000],
    ['no key frames', [], EVERY_500_MS(60_000), 3000, 3000],
    ['no key frames, and less media than requested', [], EVERY_500_MS(2000), 3000, 2000],
    ['a young stream', [1200, 200], EVERY_500_MS(2000), 3000, 1200],
    [
      'only recent key frames, a much larger distance requested',
      [2000, 1000],
      EVERY_500_MS(30_000),
      20_000,
      20_000,
    ],
    ['the past, with key frames', [59_000, 45_000, 31_000, 17_000, 3000], [], 30_000, 31_000],
    ['right at the head', [5000, 1000, 0], EVERY_500_MS(5000), 0, 0],
    ['nothing', [], [], 3000, null],
  ])('%s', (_, keys, plain, behindMs, expected) => {
    expect(ageChosen(keys, plain, behindMs)).toBe(expected);
  });

  it('is never far from the requested distance while the ring holds it', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(60_000), { maxLength: 12 }),
        fc.nat(50_000),
        (ages, behindMs) => {
          const keys = ages.sort((a, b) => b - a);
          const age = ageChosen(keys, EVERY_500_MS(60_000), behindMs)!;
          expect(age).toBeGreaterThanOrEqual(behindMs / 2);
          expect(age).toBeLessThanOrEqual(behindMs + 30_000);
          if (age > behindMs + 500) expect(keys).toContain(age);
        },
      ),
    );
  });
});
