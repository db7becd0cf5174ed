/**
 * The memory that one stream needs. Each figure is at least as large as the one before. Every stream gets a figure
 * before any stream gets more.
 */
export interface MemoryDemand {
  /** With less than this, viewers miss media. */
  readonly promisedBytes: number;
  /** The memory that viewers usually have. */
  readonly floorBytes: number;
  /** The memory that the stream is expected to need. */
  readonly wantedBytes: number;
  /** The memory that the stream may keep if there is room. */
  readonly mostBytes: number;
}

/** One stage: every stream has at least `low`, and the rest is shared up to `high`. */
interface Range {
  readonly low: number;
  readonly high: number;
}

/**
 * Byte bounds for all streams; their sum never exceeds `totalBytes`. Promised memory is met first, then the floors,
 * then wanted memory, then the most that may be kept. If there is not enough for all, small demands are met and the
 * largest streams get equal shares.
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

/** The highest level at which the sum does not exceed `totalBytes`. */
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
