import { setFlagsFromString } from 'node:v8';

// Loading the program creates 30 MB of objects, nearly all of which stay. With V8's default, each collection of
// such new objects doubles the space for new objects, up to 32 MB, which V8 may keep while the process is idle.
// Keep that space small while the importer of this module loads the other modules.
setFlagsFromString('--semi-space-growth-factor=1');

/** The start is over: from now on the space for new objects grows with the work (V8's default). */
export function endStartMemory(): void {
  setFlagsFromString('--semi-space-growth-factor=2');
}

const MIB = 1024 * 1024;
/** For each such part of PROXY_BUFFER_TOTAL, the heap may grow by one per cent more before the next collection. */
const BYTES_PER_PERCENT = 1.28 * MIB;
const LEAST_PERCENT = 50;
const MOST_PERCENT = 400;

/**
 * Sets how much V8's heap may grow between two full collections. V8 counts the memory of the ring buffers as part
 * of that growth: with its default and a live heap of about 35 MB it would mark the whole heap after every 15 MB of
 * media, ten times a second at fifty streams, which costs more than the streams themselves (docs/decisions/0013).
 * Rare collections leave more dropped media in memory, so they are more frequent with a small PROXY_BUFFER_TOTAL.
 */
export function tuneGarbageCollection(bufferTotalBytes: number): void {
  const percent = Math.round(bufferTotalBytes / BYTES_PER_PERCENT);
  const bounded = Math.min(MOST_PERCENT, Math.max(LEAST_PERCENT, percent));
  setFlagsFromString(`--heap-growing-percent=${bounded}`);
}
