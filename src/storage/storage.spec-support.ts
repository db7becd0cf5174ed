import type { DataFolder } from './data-folder';

const GIVE_UP_MS = 20_000;

/** Resolves when this number of files have a problem. Polls on turns of the event loop and needs no timers. */
export async function untilTroubles(folder: DataFolder, count: number): Promise<void> {
  const giveUpAt = performance.now() + GIVE_UP_MS;
  while (folder.troubles().length !== count) {
    if (performance.now() > giveUpAt) throw new Error(JSON.stringify(folder.troubles()));
    await new Promise((resolve) => setImmediate(resolve));
  }
}
