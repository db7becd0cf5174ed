import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { withLag } from '../../../src/kernel/testing/lag.spec-support';

const LOOK_EVERY_MS = 25;
/**
 * No promise of anybody's: how long a fact may take on two slow cores where much else runs. What has to come within a
 * time is compared with that time.
 */
const WITHIN_MS = 20_000;

/** Below those that the kernel gives to whoever names none, and to connections; above what else is in use here. */
const FIRST_PORT = 22_000;
const PORTS = 10_000;

/**
 * Calls `fact` until it neither throws nor returns false or undefined, and returns what it returned.
 *
 * @throws Error with the last failure when `timeoutMs` are over, and what this process has been late by
 */
export async function eventually<T>(
  fact: () => T | Promise<T>,
  timeoutMs = WITHIN_MS,
  what = 'the fact',
): Promise<Exclude<T, false | undefined>> {
  const beganMs = performance.now();
  let last: unknown = 'it was false';
  for (;;) {
    try {
      const value = await fact();
      if (value !== false && value !== undefined) return value as Exclude<T, false | undefined>;
    } catch (error) {
      last = error;
    }
    if (performance.now() - beganMs >= withLag(timeoutMs)) {
      const why = last instanceof Error ? last.message : String(last);
      throw new Error(`${what} did not come true within ${timeoutMs} ms: ${why}`);
    }
    await delay(LOOK_EVERY_MS);
  }
}

/**
 * A port that nobody listens on at the moment, and that stays free until it is used: one that the kernel chose would be given to
 * the next program, or connection, that names none.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + randomInt(PORTS);
    if (await isFree(port)) return port;
  }
}

/** On all addresses: one that is taken on any of them is not free. */
async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '::', () => server.close(() => resolve(true)));
  });
}
