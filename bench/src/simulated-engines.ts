import path from 'node:path';
import { type Child, type Children } from './children';

/** A simulated engine in its own process (simulator/README.md). */
export interface SimulatedEngine {
  child: Child;
  /** `host:port` for ENGINE_ADDRESSES. */
  address: string;
  port: number;
  /** Ends it at once, frozen or not. */
  end(): Promise<void>;
}

const PROGRAM = path.join('..', '..', 'simulator', 'dist', 'main');
const START_MS = 10_000;

/** @throws Error if it does not report its port in time */
export async function startSimulatedEngine(
  children: Children,
  settings: { mbitPerSecond: number; startMs: number; burstSeconds: number },
  signal: AbortSignal,
): Promise<SimulatedEngine> {
  const child = children.fork(PROGRAM, [
    ...['--http-port', '0', '--any-content', '--bitrate', settings.mbitPerSecond.toString()],
    ...['--start-delay', settings.startMs.toString()],
    ...['--burst-seconds', settings.burstSeconds.toString()],
  ]);
  const port = await printedPort(child, signal);
  const end = async (): Promise<void> => {
    child.process.kill('SIGKILL');
    await child.stop();
  };
  return { child, port, address: `127.0.0.1:${port}`, end };
}

/** The port from the line that it prints on stdout. */
async function printedPort(child: Child, signal: AbortSignal): Promise<number> {
  const deadline = performance.now() + START_MS;
  while (performance.now() < deadline && !signal.aborted) {
    const port = /"http_port":(\d+)/.exec(child.output())?.[1];
    if (port !== undefined) return Number(port);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`a simulated engine did not start\n${child.output()}`);
}
