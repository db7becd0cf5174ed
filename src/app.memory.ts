import { setFlagsFromString } from 'node:v8';

/**
 * V8 counts the rings' memory as garbage to come: with a live heap of some 35 MB it would mark all of it anew after
 * every 15 MB of media, ten times a second at fifty streams, which costs more than the streams themselves
 * (docs/decisions/0013). The rings bound their memory themselves; what grows is the time between two collections.
 */
export function tuneGarbageCollection(): void {
  setFlagsFromString('--heap-growing-percent=400');
}
