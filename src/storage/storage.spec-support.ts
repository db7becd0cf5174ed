import type { DataFolder } from './data-folder';

const GIVE_UP_MS = 20_000;

/** Resolves when so many files have something wrong. Lets the event loop turn and needs no timers. */
export async function untilTroubles(folder: DataFolder, count: number): Promise<void> {
  const giveUpAt = performance.now() + GIVE_UP_MS;
  while (folder.troubles().length !== count) {
    if (performance.now() > giveUpAt) throw new Error(JSON.stringify(folder.troubles()));
    await new Promise((resolve) => setImmediate(resolve));
  }
}
