import { createServer } from 'node:net';

/** Below the ports that Linux assigns to connections, of which concurrent tests have many. */
const FIRST = 20_000;
const LAST = 32_000;

/**
 * Consecutive ports that no program and no container of an earlier run uses. Each call starts at another port, so that
 * two concurrent runs do not use the same ones.
 * @returns the first port, and the range in the format of PORT_RANGE_HOST
 */
export async function freePorts(count: number): Promise<{ first: number; range: string }> {
  for (let tries = 0; tries < 100; tries += 1) {
    const first = FIRST + Math.floor(Math.random() * (LAST - FIRST - count));
    const row = Array.from({ length: count }, (_, index) => first + index);
    const areFree = await Promise.all(row.map(isFree));
    if (areFree.every(Boolean)) return { first, range: `${first}-${first + count - 1}` };
  }
  throw new Error(`there are no ${count} free ports in a row`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)));
  });
}
