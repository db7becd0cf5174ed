import fc from 'fast-check';
import { fairShares, type RingDemand } from './fair-shares';

const demands = (...bytes: number[]): RingDemand[] =>
  bytes.map((size) => ({ bytes: size, floorBytes: 0 }));

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

describe('fairShares', () => {
  it.each<[string, number[], number, number[] | null]>([
    ['nothing to share', [], 100, null],
    ['room for all', [40, 60], 100, null],
    ['two equal ones', [80, 80], 100, [50, 50]],
    ['the small one is left alone', [10, 200], 100, [90, 90]],
    [
      'small ones are left alone, the large share the rest',
      [10, 20, 200, 300],
      100,
      [35, 35, 35, 35],
    ],
    ['one over the bound', [150], 100, [100]],
    ['whole bytes', [50, 50, 50], 100, [33, 33, 33]],
  ])('%s', (_, bytes, total, shares) => {
    expect(fairShares(demands(...bytes), total)).toEqual(shares);
  });

  it('takes nobody below its floor, even when the total is then exceeded', () => {
    const rings = [
      { bytes: 100, floorBytes: 70 },
      { bytes: 100, floorBytes: 70 },
    ];
    expect(fairShares(rings, 100)).toEqual([70, 70]);
  });

  const ring = fc.record({ bytes: fc.nat(1_000_000), floorBytes: fc.nat(1_000_000) });
  const total = fc.nat(3_000_000);

  it('keeps all together within the total, floors apart', () => {
    fc.assert(
      fc.property(fc.array(ring), total, (rings, totalBytes) => {
        const shares = fairShares(rings, totalBytes);
        if (shares === null) {
          expect(sum(rings.map(({ bytes }) => bytes))).toBeLessThanOrEqual(totalBytes);
          return;
        }
        const kept = rings.map(({ bytes, floorBytes }, i) => {
          expect(shares[i]).toBeGreaterThanOrEqual(floorBytes);
          return shares[i]! > floorBytes ? Math.min(bytes, shares[i]!) : 0;
        });
        expect(sum(kept)).toBeLessThanOrEqual(totalBytes);
      }),
    );
  });

  it('wastes less than a byte per ring when there are no floors', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1_000_000)), total, (sizes, totalBytes) => {
        const shares = fairShares(demands(...sizes), totalBytes);
        if (shares === null) return;
        const kept = sum(sizes.map((bytes, i) => Math.min(bytes, shares[i]!)));
        expect(totalBytes - kept).toBeGreaterThanOrEqual(0);
        expect(totalBytes - kept).toBeLessThan(sizes.length);
      }),
    );
  });

  it('never takes from a smaller ring while a larger one keeps more', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1_000_000), { minLength: 2 }), total, (sizes, totalBytes) => {
        const shares = fairShares(demands(...sizes), totalBytes);
        if (shares === null) return;
        const largest = Math.max(...sizes.map((bytes, i) => Math.min(bytes, shares[i]!)));
        sizes.forEach((bytes, i) => {
          if (shares[i]! < bytes) expect(shares[i]).toBe(largest);
        });
      }),
    );
  });
});
