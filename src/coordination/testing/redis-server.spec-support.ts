import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** Below the ports that the kernel assigns to connections and to servers without a fixed port. */
const FIRST_PORT = 20_000;
const PORTS = 2_000;
const MAX_TRIES = 20;

/** The test runner itself may be ended, and then no hook runs. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A real redis-server on its own port, without files. */
export class RedisServer {
  private constructor(
    readonly port: number,
    private readonly args: readonly string[],
    private child: ChildProcess,
  ) {}

  /** @throws Error if there is no redis-server, or if it does not start */
  static async start(...args: readonly string[]): Promise<RedisServer> {
    for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
      const port = FIRST_PORT + randomInt(PORTS);
      const child = await launch(port, args);
      if (child !== null) return new RedisServer(port, args, child);
    }
    throw new Error(`no redis-server could be started in ${MAX_TRIES} tries`);
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Starts it again after `kill`, without its previous data. */
  async restart(): Promise<void> {
    const child = await launch(this.port, this.args);
    if (child === null) throw new Error(`port ${this.port} is not free any more`);
    this.child = child;
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }

  /** Freezes it: it keeps its connections and accepts new ones, but answers nothing. */
  freeze(): void {
    this.child.kill('SIGSTOP');
  }

  thaw(): void {
    this.child.kill('SIGCONT');
  }
}

/** `describe` for tests that need redis-server; `npm test` with CI=true counts skipped tests as failed. */
export function describeWithRedis(name: string, tests: () => void): void {
  const { error } = spawnSync('redis-server', ['--version'], { stdio: 'ignore' });
  if (error === undefined) describe(name, tests);
  else describe.skip(`${name} [redis-server missing: scripts/services.sh installs it]`, tests);
}

/** Null if the port is taken. */
async function launch(port: number, args: readonly string[]): Promise<ChildProcess | null> {
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', ...args];
  const child = spawn('redis-server', options, { stdio: ['ignore', 'pipe', 'ignore'] });
  running.add(child);
  child.once('exit', () => running.delete(child));
  const isReady = await new Promise<boolean>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => resolve(false));
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (/ready to accept connections/i.test(line)) resolve(true);
    });
  });
  return isReady ? child : null;
}
