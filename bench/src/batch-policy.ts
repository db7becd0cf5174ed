/** When a batch is sent: at `bytes`, or `ms` after its first byte, whichever comes first. */
export interface BatchLimit {
  bytes: number;
  ms: number;
}

const FEW_VIEWERS = 200;
const MANY_VIEWERS = 1000;
const SMALL: BatchLimit = { bytes: 64 * 1024, ms: 50 };
const LARGE: BatchLimit = { bytes: 128 * 1024, ms: 130 };

/**
 * The batching the product uses too, so that a comparison shows the product's own cost and not another
 * number of writes: 64 KB or 50 ms up to 200 viewers, 128 KB or 130 ms from 1000, linear between.
 */
export function batchLimit(viewers: number): BatchLimit {
  const share = Math.min(1, Math.max(0, (viewers - FEW_VIEWERS) / (MANY_VIEWERS - FEW_VIEWERS)));
  return {
    bytes: Math.round(SMALL.bytes + share * (LARGE.bytes - SMALL.bytes)),
    ms: Math.round(SMALL.ms + share * (LARGE.ms - SMALL.ms)),
  };
}
