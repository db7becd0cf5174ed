/** How much is collected before it is written to every viewer of a stream: until either limit is reached. */
export interface Batch {
  readonly bytes: number;
  readonly delayMs: number;
}

interface Step extends Batch {
  readonly viewers: number;
}

const FEWEST: Step = { viewers: 20, bytes: 64 * 1024, delayMs: 20 };
const FEW: Step = { viewers: 200, bytes: 64 * 1024, delayMs: 50 };
const MANY: Step = { viewers: 1000, bytes: 128 * 1024, delayMs: 130 };

/**
 * The cost of the fan-out is the number of writes, not of bytes, and a viewer notices only the delay. So the batch
 * grows with the number of viewers: 64 KiB or 20 ms up to 20 viewers, 50 ms at 200, 128 KiB or 130 ms from 1000 on,
 * linear in between.
 *
 * @param viewers viewers of all streams, because 50 streams of 20 viewers load the event loop as much as one of 1000
 */
export function batchFor(viewers: number): Batch {
  if (viewers <= FEWEST.viewers) return FEWEST;
  if (viewers >= MANY.viewers) return MANY;
  return viewers <= FEW.viewers ? between(FEWEST, FEW, viewers) : between(FEW, MANY, viewers);
}

function between(fewer: Step, more: Step, viewers: number): Batch {
  const share = (viewers - fewer.viewers) / (more.viewers - fewer.viewers);
  return {
    bytes: Math.round(fewer.bytes + (more.bytes - fewer.bytes) * share),
    delayMs: Math.round(fewer.delayMs + (more.delayMs - fewer.delayMs) * share),
  };
}
