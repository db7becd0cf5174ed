/** How much is gathered before it is written to every viewer of a stream. */
export interface Batch {
  readonly bytes: number;
  readonly delayMs: number;
}

const FEW_VIEWERS = 200;
const MANY_VIEWERS = 1000;
const SMALL: Batch = { bytes: 64 * 1024, delayMs: 50 };
const LARGE: Batch = { bytes: 128 * 1024, delayMs: 130 };

/**
 * What fan-out costs is the number of writes, not of bytes; what a viewer feels is the delay. So the
 * batch grows with the number of viewers: 64 KiB or 50 ms up to 200 viewers, 128 KiB or 130 ms from 1000
 * on, linear in between (datapath rule 17).
 */
export function batchFor(viewers: number): Batch {
  if (viewers <= FEW_VIEWERS) return SMALL;
  if (viewers >= MANY_VIEWERS) return LARGE;
  const share = (viewers - FEW_VIEWERS) / (MANY_VIEWERS - FEW_VIEWERS);
  return {
    bytes: Math.round(SMALL.bytes + (LARGE.bytes - SMALL.bytes) * share),
    delayMs: Math.round(SMALL.delayMs + (LARGE.delayMs - SMALL.delayMs) * share),
  };
}
