import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { type Child, type Children, childMessage } from './children';
import { httpGet } from './http-get';
import { serverProcesses } from './process-usage';

export type ServerName = 'product' | 'bare';

/** A running server that fans streams out. */
export interface ServerUnderTest {
  name: ServerName;
  port: number;
  /** The server's own processes, without a launcher above them. */
  pids: number[];
  /** What its control API asks for. */
  headers: Record<string, string>;
  /** Ends it and removes what it left. */
  stop(): Promise<void>;
}

const ROOT = path.resolve(__dirname, '..', '..');
const CHILD_START_MS = 10_000;
const PRODUCT_START_MS = 120_000;
const READY_STEP_MS = 100;

/** The engine stand-in; resolves with its port once it listens. */
export function startEngine(
  children: Children,
  mbitPerSecond: number,
  signal: AbortSignal,
): Promise<number> {
  const child = children.fork('engine', ['0', mbitPerSecond.toString()]);
  return childMessage(child, listeningPort, CHILD_START_MS, signal);
}

/** @throws Error with the end of the program's output when it does not come up */
export function startServer(
  name: ServerName,
  children: Children,
  enginePort: number,
  signal: AbortSignal,
): Promise<ServerUnderTest> {
  switch (name) {
    case 'product':
      return startProduct(children, enginePort, signal);
    case 'bare':
      return startBare(children, enginePort, signal);
  }
}

async function startBare(
  children: Children,
  enginePort: number,
  signal: AbortSignal,
): Promise<ServerUnderTest> {
  const child = children.fork('bare-fanout', ['0', enginePort.toString()]);
  const port = await childMessage(child, listeningPort, CHILD_START_MS, signal);
  return { name: 'bare', port, pids: [child.pid], headers: {}, stop: () => child.stop() };
}

async function startProduct(
  children: Children,
  enginePort: number,
  signal: AbortSignal,
): Promise<ServerUnderTest> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'acefleet-bench-'));
  const port = await freePort();
  const key = `bench-${randomBytes(24).toString('hex')}`;
  // Not our whole environment: a setting of the shell would change what is measured.
  const child = children.start(path.join('scripts', 'start.mjs'), ROOT, {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    ENGINE_DRIVER: 'static',
    ENGINE_ADDRESSES: `127.0.0.1:${enginePort}`,
    MAX_STREAMS_PER_ENGINE: '1000',
    PROXY_MAX_CLIENTS: '5000',
    HOST: '127.0.0.1',
    PORT: port.toString(),
    LOG_LEVEL: 'warn',
    DATA_DIR: dataDir,
    API_KEY: key,
  });
  // Also when the benchmark is told to end at once and waits for nobody.
  const removeData = (): void => rmSync(dataDir, { recursive: true, force: true });
  process.once('exit', removeData);
  const stop = async (): Promise<void> => {
    await child.stop();
    removeData();
    process.off('exit', removeData);
  };
  try {
    await ready(child, port, signal);
  } catch (error) {
    await stop();
    throw error;
  }
  const headers = { Authorization: `Bearer ${key}` };
  return { name: 'product', port, pids: serverProcesses(child.pid, port), headers, stop };
}

async function ready(child: Child, port: number, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + PRODUCT_START_MS;
  while (performance.now() < deadline) {
    if (signal.aborted) throw new Error('interrupted');
    if (child.process.exitCode !== null || child.process.signalCode !== null) {
      throw new Error(`the product ended before it was ready\n${child.output()}`);
    }
    const status = await httpGet(port, '/health/ready', { timeoutMs: 2000 }).then(
      (answer) => answer.status,
      () => 0,
    );
    if (status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, READY_STEP_MS));
  }
  throw new Error(
    `the product was not ready within ${PRODUCT_START_MS / 1000} s\n${child.output()}`,
  );
}

function listeningPort(message: unknown): number | null {
  const told = message as { type?: string; port?: number };
  return told.type === 'listening' && told.port !== undefined ? told.port : null;
}

/** A port nobody listens on now. The product is started next; no other program of ours takes one between. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('no port'));
        else resolve(address.port);
      });
    });
  });
}
