export interface RingDemand {
  /** Bytes the ring holds now. */
  readonly bytes: number;
  /** Bytes it keeps in any case: five seconds of its media. */
  readonly floorBytes: number;
}

/**
 * Byte bounds for all rings when together they may hold `totalBytes` (datapath rule 8). Returns null
 * while there is room for all; else one bound per ring, by water level: small rings are left alone, the
 * largest give first, and nobody goes below its floor, even if the total is then exceeded.
 */
export function fairShares(demands: readonly RingDemand[], totalBytes: number): number[] | null {
  let sum = 0;
  for (const demand of demands) sum += demand.bytes;
  if (sum <= totalBytes) return null;
  const ascending = demands.map((demand) => demand.bytes).sort((a, b) => a - b);
  let left = totalBytes;
  let level = 0;
  for (let i = 0; i < ascending.length; i++) {
    const bytes = ascending[i] ?? 0;
    const share = left / (ascending.length - i);
    if (bytes > share) {
      level = share;
      break;
    }
    left -= bytes;
    level = bytes;
  }
  return demands.map((demand) => Math.max(Math.floor(level), demand.floorBytes));
}
