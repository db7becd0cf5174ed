import fc from 'fast-check';
import { JoinPoints, type RingPoint } from './join-points';

/** A point with something of its own, and something that it may share with its neighbours. */
class Point implements RingPoint {
  constructor(
    readonly position: number,
    readonly tables: object = {},
  ) {}

  bytesBeside(neighbour: Point | null): number {
    return 10 + (neighbour?.tables === this.tables ? 0 : 1000);
  }
}

/** A ring of one byte per millisecond. */
const bytewise = (position: number): number => position;

function pointsAt(...positions: number[]): JoinPoints<Point> {
  const points = new JoinPoints<Point>();
  for (const position of positions) points.add(new Point(position));
  return points;
}

describe('JoinPoints', () => {
  it.each<[string, number[], number, number, number | null]>([
    ['the newest point that is old enough', [1000, 2000, 5000, 9000], 10_000, 3000, 5000],
    ['a point that is exactly old enough', [1000, 7000], 10_000, 3000, 7000],
    ['none when none is old enough', [8000, 9000], 10_000, 3000, null],
    ['the newest when no distance is asked for', [1000, 10_000], 10_000, 0, 10_000],
    ['null without points', [], 10_000, 3000, null],
  ])('finds %s', (_, positions, head, behindMs, expected) => {
    const point = pointsAt(...positions).atLeastBehind(behindMs, head, bytewise);
    expect(point?.position ?? null).toBe(expected);
  });

  it('examines few of many points', () => {
    const points = pointsAt(...Array.from({ length: 4096 }, (_, index) => index));
    let looks = 0;
    const found = points.atLeastBehind(1000, 4095, (position) => {
      looks++;
      return position;
    });
    expect(found?.position).toBe(3095);
    expect(looks).toBeLessThan(20);
  });

  it('counts memory shared by neighbours once, whichever of them are dropped', () => {
    const shared = {};
    const points = new JoinPoints<Point>();
    points.add(new Point(1, shared));
    points.add(new Point(2, shared));
    points.add(new Point(3, shared));
    points.add(new Point(4));
    expect(points.bytes).toBe(2040);
    points.dropBefore(3);
    expect(points.bytes).toBe(2020);
    points.dropBefore(4);
    expect(points.bytes).toBe(1010);
    points.dropBefore(5);
    expect(points.bytes).toBe(0);
  });

  it('ignores a point that is not newer than the newest', () => {
    const points = pointsAt(100, 300, 300, 200);
    expect(points.count).toBe(2);
  });

  it('drops points that have left the ring, and begins at its tail', () => {
    const points = pointsAt(100, 200, 300);
    points.dropBefore(200);
    expect(points.count).toBe(2);
    expect(points.oldest()?.position).toBe(200);
    points.dropBefore(301);
    expect(points.oldest()).toBeNull();
    expect(points.atLeastBehind(0, 400, bytewise)).toBeNull();
  });

  it('never returns a dropped point, nor one that is too new while an older one fits', () => {
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
          const expected = fitting.at(-1) ?? null;
          const point = points.atLeastBehind(behindMs, head, bytewise);
          expect(point?.position ?? null).toBe(expected);
          expect(points.oldest()?.position ?? null).toBe(kept[0] ?? null);
        },
      ),
    );
  });
});

describe('JoinPoints.at', () => {
  it('finds a point at exactly its position', () => {
    const points = pointsAt(188, 1880, 3760);
    for (const position of [188, 1880, 3760]) expect(points.at(position)?.position).toBe(position);
    for (const position of [0, 189, 1692, 2068, 3759, 9400]) expect(points.at(position)).toBeNull();
    points.dropBefore(1880);
    expect(points.at(188)).toBeNull();
    expect(new JoinPoints().at(0)).toBeNull();
  });
});
