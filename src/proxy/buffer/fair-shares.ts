/**
 * The memory that one stream needs, in stages. Every stream gets what it needs for a stage before any stream gets
 * memory for the next one. A figure that is smaller than the one before counts as equal to it.
 */
export interface MemoryDemand {
  /** With less than this, viewers miss media. */
  readonly promisedBytes: number;
  /** Memory for the shortest history that a watched stream should have. */
  readonly floorBytes: number;
  /** The memory that the stream is expected to need. */
  readonly wantedBytes: number;
  /** The memory that the stream may keep if there is room. */
  readonly mostBytes: number;
}

/** One stage for one stream: its share is at least `low` and at most `high`. */
interface Range {
  readonly low: number;
  readonly high: number;
}

/**
 * Memory bounds for all streams; their sum never exceeds `totalBytes`. The stages are filled in the order of
 * `MemoryDemand`. In the first stage that cannot be filled, small needs are met, and the streams with the largest
 * needs get equal shares.
 */
export function fairShares(demands: readonly MemoryDemand[], totalBytes: number): number[] {
  const levels = demands.map((demand) => {
    const promised = Math.floor(demand.promisedBytes);
    const floor = Math.max(promised, Math.floor(demand.floorBytes));
    const wanted = Math.max(floor, Math.floor(demand.wantedBytes));
    return { promised, floor, wanted, most: Math.max(wanted, Math.floor(demand.mostBytes)) };
  });
  const stages: readonly (readonly Range[])[] = [
    levels.map(({ promised }) => ({ low: 0, high: promised })),
    levels.map(({ promised, floor }) => ({ low: promised, high: floor })),
    levels.map(({ floor, wanted }) => ({ low: floor, high: wanted })),
    levels.map(({ wanted, most }) => ({ low: wanted, high: most })),
  ];
  let shares: number[] = [];
  for (const ranges of stages) {
    shares = atLevel(ranges, waterLevel(ranges, totalBytes));
    if (ranges.some(({ high }, index) => (shares[index] ?? 0) < high)) break;
  }
  return shares;
}

/** The highest level at which the sum of all shares does not exceed `totalBytes`. */
function waterLevel(ranges: readonly Range[], totalBytes: number): number {
  let low = 0;
  let high = ranges.reduce((most, range) => Math.max(most, range.high), 0);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const sum = atLevel(ranges, middle).reduce((all, bytes) => all + bytes, 0);
    if (sum <= totalBytes) low = middle;
    else high = middle - 1;
  }
  return low;
}

function atLevel(ranges: readonly Range[], level: number): number[] {
  return ranges.map(({ low, high }) => Math.min(high, Math.max(low, level)));
}
