import fc from 'fast-check';
import { fairShares, type MemoryDemand } from './fair-shares';

const demand = (
  floorBytes: number,
  wantedBytes: number,
  mostBytes: number,
  promisedBytes = 0,
): MemoryDemand => ({ promisedBytes, floorBytes, wantedBytes, mostBytes });
const want = (...bytes: number[]): MemoryDemand[] => bytes.map((size) => demand(0, size, size));

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

describe('fairShares', () => {
  it.each<[string, MemoryDemand[], number, number[]]>([
    ['nothing to share', [], 100, []],
    ['room for all', want(40, 60), 100, [40, 60]],
    ['two equal streams', want(80, 80), 100, [50, 50]],
    ['a small stream keeps its demand', want(10, 200), 100, [10, 90]],
    ['small streams keep their demand', want(10, 20, 200, 300), 100, [10, 20, 35, 35]],
    ['one over the bound', want(150), 100, [100]],
    ['whole bytes', want(50, 50, 50), 100, [33, 33, 33]],
    ['room to spare is kept', [demand(0, 20, 100), demand(0, 30, 40)], 100, [60, 40]],
    ['floors go first', [demand(70, 100, 100), demand(5, 100, 100)], 100, [70, 30]],
    ['promises go before floors', [demand(70, 90, 90, 70), demand(60, 90, 90, 10)], 100, [70, 30]],
    ['floors that do not fit', [demand(70, 100, 100), demand(70, 90, 90)], 100, [50, 50]],
    ['a small floor is met', [demand(20, 100, 100), demand(500, 900, 900)], 100, [20, 80]],
  ])('%s', (_, demands, total, shares) => {
    expect(fairShares(demands, total)).toEqual(shares);
  });

  const size = fc.nat(1_000_000);
  const any = fc
    .tuple(size, size, size, size)
    .map((sizes) => sizes.sort((a, b) => a - b))
    .map(([promised, floor, wanted, most]) => demand(floor, wanted, most, promised));
  const total = fc.nat(3_000_000);

  it('never gives more than the total, nor more than a stream may keep', () => {
    fc.assert(
      fc.property(fc.array(any), total, (demands, totalBytes) => {
        const shares = fairShares(demands, totalBytes);
        expect(sum(shares)).toBeLessThanOrEqual(totalBytes);
        shares.forEach((share, i) => expect(share).toBeLessThanOrEqual(demands[i]!.mostBytes));
      }),
    );
  });

  it('serves promises, then floors, then wants, and wastes less than a byte for each stream', () => {
    fc.assert(
      fc.property(fc.array(any), total, (demands, totalBytes) => {
        const shares = fairShares(demands, totalBytes);
        const fits = (bytes: (one: MemoryDemand) => number): boolean =>
          sum(demands.map(bytes)) <= totalBytes;
        const stages = ['promisedBytes', 'floorBytes', 'wantedBytes', 'mostBytes'] as const;
        for (const stage of stages) {
          if (!fits((one) => one[stage])) continue;
          shares.forEach((share, i) => expect(share).toBeGreaterThanOrEqual(demands[i]![stage]));
        }
        if (fits((one) => one.mostBytes)) return;
        expect(totalBytes - sum(shares)).toBeLessThan(demands.length);
      }),
    );
  });

  it('never takes from a smaller stream while a larger one has more than its floor', () => {
    fc.assert(
      fc.property(fc.array(any, { minLength: 2 }), total, (demands, totalBytes) => {
        const shares = fairShares(demands, totalBytes);
        const inNeed = shares.filter((share, i) => share < demands[i]!.wantedBytes);
        const least = Math.min(...inNeed);
        shares.forEach((share, i) => {
          expect(share).toBeLessThanOrEqual(Math.max(least, demands[i]!.floorBytes));
        });
      }),
    );
  });
});
