import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { withLag } from '../../../src/kernel/testing/lag.spec-support';

const LOOK_EVERY_MS = 25;
/**
 * Maximum time of a condition on two slow cores with other load; the product promises no such time. Times that the
 * product promises are asserted separately.
 */
const WITHIN_MS = 20_000;

/** Below the ports that the kernel assigns, also to outgoing connections; above the other ports in use here. */
const FIRST_PORT = 22_000;
const PORTS = 10_000;

/**
 * Calls `fact` until it neither throws nor returns false or undefined, and returns its result.
 *
 * @throws Error after `timeoutMs`, with the last failure and the lag of this process
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
 * A port without a listener that stays free until it is used. A port chosen by the kernel could be assigned to the
 * next program or connection.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + randomInt(PORTS);
    if (await isFree(port)) return port;
  }
}

/** Checks all addresses: a port that is taken on any of them is not free. */
async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '::', () => server.close(() => resolve(true)));
  });
}
