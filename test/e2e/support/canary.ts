import { readFileSync } from 'node:fs';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onScopeEnd } from './scope';

/** A server on this machine that no program may connect to. */
export interface Canary {
  readonly port: number;
  /** Connections so far. */
  readonly visits: () => number;
}

/** Opens a canary on IPv4 and IPv6. It ends with the test or file that started it. */
export async function openCanary(): Promise<Canary> {
  let visits = 0;
  const server = createServer((socket) => {
    visits += 1;
    socket.on('error', () => undefined);
    socket.end('HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\n\r\ncanary');
  });
  await new Promise<void>((resolve) => server.listen(0, '::', resolve));
  // Open connections need not end first.
  onScopeEnd(() => void server.close());
  return { port: (server.address() as AddressInfo).port, visits: () => visits };
}

/** The destinations that a program connects to. */
export interface ConnectJournal {
  /** Settings with which the program must be started. */
  readonly env: Readonly<Record<string, string>>;
  /**
   * Every destination so far, each once: `host:port`, or the path of a local socket other than the program's own
   * lock.
   */
  readonly destinations: () => string[];
}

const HOOK = join(__dirname, 'connect-journal.cjs');

/** Records the destinations that a program connects to, whether or not a server listens there. */
export function keepConnectJournal(): ConnectJournal {
  const folder = mkdtempSync(join(tmpdir(), 'acefleet-connects-'));
  onScopeEnd(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'journal');
  writeFileSync(file, '');
  return {
    env: { NODE_OPTIONS: `--require ${HOOK}`, CONNECT_JOURNAL: file },
    destinations: () =>
      [...new Set(readFileSync(file, 'utf8').split('\n'))].filter(
        (destination) => destination !== '' && !destination.endsWith('/data/instance.sock'),
      ),
  };
}
