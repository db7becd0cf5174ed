import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const LOOK_EVERY_MS = 25;

/**
 * Calls `fact` until it neither throws nor returns false or undefined, and returns what it returned.
 *
 * @throws Error with the last failure when `timeoutMs` are over
 */
export async function eventually<T>(
  fact: () => T | Promise<T>,
  timeoutMs = 10_000,
  what = 'the fact',
): Promise<Exclude<T, false | undefined>> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown = 'it was false';
  for (;;) {
    try {
      const value = await fact();
      if (value !== false && value !== undefined) return value as Exclude<T, false | undefined>;
    } catch (error) {
      last = error;
    }
    if (performance.now() >= deadline) {
      const why = last instanceof Error ? last.message : String(last);
      throw new Error(`${what} did not come true within ${timeoutMs} ms: ${why}`);
    }
    await delay(LOOK_EVERY_MS);
  }
}

/** Below what Linux gives to connections and to listeners without a wish, which tests beside this one have. */
const LOWEST_PORT = 21_000;
const HIGHEST_PORT = 32_000;

/** A port that nobody listens on, and that nobody is given who does not ask for it by its number. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST_PORT, HIGHEST_PORT);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '::', () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}
