import fc from 'fast-check';
import { JoinPoints, type JoinPoint } from './join-points';

const PREFACE = Buffer.alloc(376);
const at = (position: number): JoinPoint => ({ position, preface: PREFACE });

/** A ring of one byte per millisecond. */
const bytewise = (position: number): number => position;

function pointsAt(...positions: number[]): JoinPoints {
  const points = new JoinPoints();
  for (const position of positions) points.add(at(position));
  return points;
}

describe('JoinPoints', () => {
  it.each<[string, number[], number, number, number | null]>([
    ['the newest one that is old enough', [1000, 2000, 5000, 9000], 10_000, 3000, 5000],
    ['one that is exactly old enough', [1000, 7000], 10_000, 3000, 7000],
    ['the oldest when none is old enough', [8000, 9000], 10_000, 3000, 8000],
    ['the newest when no distance is asked for', [1000, 10_000], 10_000, 0, 10_000],
    ['none when there is none', [], 10_000, 3000, null],
  ])('finds %s', (_, positions, head, behindMs, expected) => {
    const point = pointsAt(...positions).atLeastBehind(behindMs, head, bytewise);
    expect(point?.position ?? null).toBe(expected);
  });

  it('gives the oldest while the stream has no clock', () => {
    const point = pointsAt(1000, 2000).atLeastBehind(0, 3000, () => null);
    expect(point?.position).toBe(1000);
  });

  it('passes over points whose time nobody knows', () => {
    const clock = (position: number): number | null => (position === 5000 ? null : position);
    const point = pointsAt(1000, 5000).atLeastBehind(3000, 10_000, clock);
    expect(point?.position).toBe(1000);
  });

  it('ignores what is not newer than the newest', () => {
    const points = pointsAt(100, 300, 300, 200);
    expect(points.count).toBe(2);
  });

  it('forgets what has left the ring, and begins with what is at its tail', () => {
    const points = pointsAt(100, 200, 300);
    points.dropBefore(200);
    expect(points.count).toBe(2);
    expect(points.oldest()?.position).toBe(200);
    points.dropBefore(301);
    expect(points.oldest()).toBeNull();
    expect(points.atLeastBehind(0, 400, bytewise)).toBeNull();
  });

  it('never gives a dropped point, nor one that is too new while an older one fits', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(10_000), { maxLength: 30 }),
        fc.nat(10_000),
        fc.nat(12_000),
        fc.nat(10_000),
        (positions, tail, head, behindMs) => {
          const kept = positions.sort((a, b) => a - b).filter((position) => position >= tail);
          const points = pointsAt(...positions);
          points.dropBefore(tail);
          const fitting = kept.filter((position) => head - position >= behindMs);
          const expected = fitting.at(-1) ?? kept[0] ?? null;
          const point = points.atLeastBehind(behindMs, head, bytewise);
          expect(point?.position ?? null).toBe(expected);
          expect(points.oldest()?.position ?? null).toBe(kept[0] ?? null);
        },
      ),
    );
  });

  it('is within one distance between points of the age asked for, or the oldest', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat({ max: 60_000 }), { minLength: 1, maxLength: 40 }),
        fc.nat({ max: 90_000 }),
        (positions, behindMs) => {
          const sorted = positions.sort((a, b) => a - b);
          const head = 60_000;
          const found = pointsAt(...sorted).atLeastBehind(behindMs, head, bytewise)?.position ?? -1;
          const newer = sorted[sorted.indexOf(found) + 1];
          if (head - found >= behindMs) {
            // The next one would be too young.
            expect(newer === undefined || head - newer < behindMs).toBe(true);
          } else {
            expect(found).toBe(sorted[0]);
          }
        },
      ),
    );
  });
});

describe('JoinPoints.at', () => {
  it('knows a point by its position, and no other place', () => {
    const points = new JoinPoints();
    const preface = Buffer.alloc(376);
    for (const position of [188, 1880, 3760]) points.add({ position, preface });
    for (const position of [188, 1880, 3760]) expect(points.at(position)?.position).toBe(position);
    for (const position of [0, 189, 1692, 2068, 3759, 9400]) expect(points.at(position)).toBeNull();
    points.dropBefore(1880);
    expect(points.at(188)).toBeNull();
    expect(new JoinPoints().at(0)).toBeNull();
  });
});
