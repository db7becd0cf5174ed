import { setFlagsFromString } from 'node:v8';

const MIB = 1024 * 1024;
/** For a total of so much V8's heap may grow by one per cent until the next collection. */
const BYTES_PER_PERCENT = 1.28 * MIB;
const LEAST_PERCENT = 50;
const MOST_PERCENT = 400;

/**
 * V8 counts the rings' memory as garbage to come: with a live heap of some 35 MB it would mark all of it anew after
 * every 15 MB of media, ten times a second at fifty streams, which costs more than the streams themselves
 * (docs/decisions/0013). The rings bound their memory themselves; what grows is the time between two collections, and with it
 * the memory that waits for one. So that depends on how much memory there is to be.
 */
export function tuneGarbageCollection(bufferTotalBytes: number): void {
  const percent = Math.round(bufferTotalBytes / BYTES_PER_PERCENT);
  const bounded = Math.min(MOST_PERCENT, Math.max(LEAST_PERCENT, percent));
  setFlagsFromString(`--heap-growing-percent=${bounded}`);
}
