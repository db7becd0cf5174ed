import { createServer, type AddressInfo } from 'node:net';
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

/** A port that nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
