import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { withLag } from '../../../src/kernel/testing/lag.spec-support';

/** How a child process ended. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const MAX_LINES = 20_000;
/**
 * Node reports the end only when all processes that hold the child's output have ended, and a program that it
 * started may outlive it.
 */
const DIES_WITHIN_MS = 10_000;

/** The test runner itself may be ended, and then no hook runs. */
const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** A program under test: its output line by line, its end, and a guarantee that it does not outlive the test. */
export class Child {
  /** Lines of stdout and stderr, in order of arrival, the newest 20 000. */
  readonly lines: string[] = [];
  /** Resolves when the process has ended and its output was read completely. Never rejects. */
  readonly exit: Promise<Exit>;
  ended: Exit | null = null;
  private readonly process: ChildProcess;
  private listeners: ((line: string) => void)[] = [];

  constructor(
    readonly name: string,
    command: string,
    args: readonly string[],
    options: { cwd?: string; env?: NodeJS.ProcessEnv; uid?: number; gid?: number },
  ) {
    const env = { ...markOfRun(), ...(options.env ?? process.env) };
    this.process = spawn(command, args, { ...options, env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.process.stdin!.on('error', () => undefined);
    for (const stream of [this.process.stdout!, this.process.stderr!]) {
      createInterface({ input: stream }).on('line', (line) => this.take(line));
    }
    running.add(this.process);
    this.exit = new Promise((resolve) => {
      const over = (exit: Exit): void => {
        running.delete(this.process);
        this.ended = exit;
        resolve(exit);
      };
      this.process.once('error', (error) => {
        this.take(error.message);
        over({ code: null, signal: null });
      });
      this.process.once('close', (code, signal) => over({ code, signal }));
    });
  }

  get pid(): number {
    return this.process.pid ?? -1;
  }

  kill(signal: NodeJS.Signals = 'SIGKILL'): void {
    this.process.kill(signal);
  }

  /** The first line, past or future, for which `read` returns a value. @throws when the process ends before. */
  async line<T>(read: (line: string) => T | null | undefined, timeoutMs = 40_000): Promise<T> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        this.listeners = this.listeners.filter((one) => one !== look);
        settle();
      };
      const look = (line: string): void => {
        const value = read(line);
        if (value !== null && value !== undefined) finish(() => resolve(value));
      };
      const fail = (why: string): void =>
        finish(() => reject(new Error(`${this.name}: ${why}\n${this.tail()}`)));
      const timer = setTimeout(() => fail(`no such line within ${timeoutMs} ms`), timeoutMs);
      this.listeners.push(look);
      for (const line of [...this.lines]) look(line);
      void this.exit.then(() => fail('ended before it printed such a line'));
    });
  }

  /** Sends `signal` and waits; after `timeoutMs` it is killed and an error is thrown. */
  async end(signal: NodeJS.Signals, timeoutMs: number): Promise<Exit> {
    if (this.ended !== null) return this.ended;
    this.kill(signal);
    const exit = await settledWithin(this.exit, withLag(timeoutMs));
    if (exit !== null) return exit;
    this.kill('SIGKILL');
    await settledWithin(this.exit, DIES_WITHIN_MS);
    throw new Error(`${this.name} was still there ${timeoutMs} ms after ${signal}\n${this.tail()}`);
  }

  /** The newest lines, for messages. */
  tail(count = 40): string {
    return this.lines.slice(-count).join('\n');
  }

  private take(line: string): void {
    this.lines.push(line);
    if (this.lines.length > MAX_LINES) this.lines.shift();
    for (const listener of [...this.listeners]) listener(line);
  }
}

/** `npm test` finds leftovers of a run by this variable, whatever environment the test chose. */
function markOfRun(): NodeJS.ProcessEnv {
  const name = 'ACEFLEET_TEST_RUN';
  const run = process.env[name];
  return run === undefined ? {} : { [name]: run };
}

/** The result of `promise`; null if it takes longer. */
async function settledWithin<T>(promise: Promise<T>, timeoutMs: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), timeoutMs);
  });
  const value = await Promise.race([promise, late]);
  clearTimeout(timer);
  return value;
}
