/** A batch is sent at `bytes`, or `ms` after its first byte, whichever comes first. */
export interface BatchLimit {
  bytes: number;
  ms: number;
}

interface Step extends BatchLimit {
  viewers: number;
}

const FEWEST: Step = { viewers: 20, bytes: 64 * 1024, ms: 20 };
const FEW: Step = { viewers: 200, bytes: 64 * 1024, ms: 50 };
const MANY: Step = { viewers: 1000, bytes: 128 * 1024, ms: 130 };

/**
 * The product's batch policy, so that a comparison shows the product's own cost and not a different number of
 * writes. It depends on the number of viewers of all streams: up to 20 viewers 64 KB or 20 ms, for 200 viewers 64 KB
 * or 50 ms, from 1000 viewers on 128 KB or 130 ms, and linear in between.
 */
export function batchLimit(viewers: number): BatchLimit {
  const [fewer, more] = viewers <= FEW.viewers ? [FEWEST, FEW] : [FEW, MANY];
  const share = (viewers - fewer.viewers) / (more.viewers - fewer.viewers);
  const within = Math.min(1, Math.max(0, share));
  return {
    bytes: Math.round(fewer.bytes + within * (more.bytes - fewer.bytes)),
    ms: Math.round(fewer.ms + within * (more.ms - fewer.ms)),
  };
}
