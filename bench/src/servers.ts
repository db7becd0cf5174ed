import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { type Child, type Children, childMessage } from './children';
import { httpGet } from './http-get';
import { serverProcesses } from './process-usage';

/** The product, the baseline of this benchmark, and another proxy that a command of the user starts. */
export type ServerName = 'product' | 'bare' | 'other';

/** A running server that fans streams out. */
export interface ServerUnderTest {
  name: ServerName;
  port: number;
  /** The server's own processes, without a launcher that started them. */
  pids: number[];
  /** The path of its control API to call. */
  headers: Record<string, string>;
  /** The protocol of the viewers: another proxy may use chunked framing for HTTP/1.1, which HTTP/1.0 avoids. */
  httpVersion: '1.1' | '1.0';
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

const ROOT = path.resolve(__dirname, '..', '..');
const CHILD_START_MS = 10_000;
const PRODUCT_START_MS = 120_000;
const READY_STEP_MS = 100;

/** Settings of the product in addition to those of all benchmarks. */
export interface ProductSetup {
  /** `host:port` of its engines. */
  engines: readonly string[];
  /** Settings, as in docs/configuration.md. */
  env?: Record<string, string>;
}

/** Starts the engine replacement; resolves with its port once it listens. */
export function startEngine(
  children: Children,
  mbitPerSecond: number,
  signal: AbortSignal,
): Promise<number> {
  const child = children.fork('engine', ['0', mbitPerSecond.toString()]);
  return childMessage(child, listeningPort, CHILD_START_MS, signal);
}

/**
 * @param against shell command of the other proxy; see the usage text
 * @throws Error with the end of the program's output if it does not start
 */
export function startServer(
  name: ServerName,
  children: Children,
  enginePort: number,
  against: string | null,
  signal: AbortSignal,
): Promise<ServerUnderTest> {
  switch (name) {
    case 'product':
      return startProduct(children, { engines: [`127.0.0.1:${enginePort}`] }, signal);
    case 'bare':
      return startBare(children, enginePort, signal);
    case 'other':
      return startOther(children, enginePort, against ?? '', signal);
  }
}

async function startOther(
  children: Children,
  enginePort: number,
  against: string,
  signal: AbortSignal,
): Promise<ServerUnderTest> {
  const port = await freePort();
  const command = against
    .replaceAll('{port}', port.toString())
    .replaceAll('{engine_port}', enginePort.toString());
  const child = children.shell(command);
  await eventuallyUp(child, 'the other proxy', () => isListening(port), signal);
  const pids = serverProcesses(child.pid, port);
  return { name: 'other', port, pids, headers: {}, httpVersion: '1.0', stop: () => child.stop() };
}

async function startBare(
  children: Children,
  enginePort: number,
  signal: AbortSignal,
): Promise<ServerUnderTest> {
  const child = children.fork('bare-fanout', ['0', enginePort.toString()]);
  const port = await childMessage(child, listeningPort, CHILD_START_MS, signal);
  const stop = (): Promise<void> => child.stop();
  return { name: 'bare', port, pids: [child.pid], headers: {}, httpVersion: '1.1', stop };
}

/** The product with static engines, its own key and limits that fit every case. @throws Error if it does not start */
export async function startProduct(
  children: Children,
  setup: ProductSetup,
  signal: AbortSignal,
): Promise<ServerUnderTest> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'acefleet-bench-'));
  const port = await freePort();
  const key = `bench-${randomBytes(24).toString('hex')}`;
  // Not our whole environment, because a setting of the shell would change the measurement.
  const child = children.start(path.join('scripts', 'start.mjs'), ROOT, {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    ENGINE_DRIVER: 'static',
    ENGINE_ADDRESSES: setup.engines.join(','),
    MAX_STREAMS_PER_ENGINE: '1000',
    PROXY_MAX_CLIENTS: '5000',
    HOST: '127.0.0.1',
    PORT: port.toString(),
    LOG_LEVEL: 'warn',
    DATA_DIR: dataDir,
    API_KEY: key,
    ...setup.env,
  });
  // Also if the benchmark is ended at once and waits for nothing.
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
  const pids = serverProcesses(child.pid, port);
  return { name: 'product', port, pids, headers, httpVersion: '1.1', stop };
}

function ready(child: Child, port: number, signal: AbortSignal): Promise<void> {
  const isReady = (): Promise<boolean> =>
    httpGet(port, '/health/ready', { timeoutMs: 2000 }).then(
      (answer) => answer.status === 200,
      () => false,
    );
  return eventuallyUp(child, 'the product', isReady, signal);
}

async function eventuallyUp(
  child: Child,
  what: string,
  isUp: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + PRODUCT_START_MS;
  while (performance.now() < deadline) {
    if (signal.aborted) throw new Error('interrupted');
    if (child.process.exitCode !== null || child.process.signalCode !== null) {
      throw new Error(`${what} ended before it was ready\n${child.output()}`);
    }
    if (await isUp()) return;
    await new Promise((resolve) => setTimeout(resolve, READY_STEP_MS));
  }
  throw new Error(`${what} was not ready within ${PRODUCT_START_MS / 1000} s\n${child.output()}`);
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

function listeningPort(message: unknown): number | null {
  const received = message as { type?: string; port?: number };
  return received.type === 'listening' && received.port !== undefined ? received.port : null;
}

/**
 * A port without a listener. The product is started next, and no other program of the benchmark takes a port in
 * between.
 */
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
