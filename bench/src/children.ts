import { type ChildProcess, fork, spawn } from 'node:child_process';
import path from 'node:path';
import { processTree } from './process-usage';

/** How long a child may take to end after SIGTERM. */
const STOP_TIMEOUT_MS = 15_000;
const KEPT_OUTPUT = 4000;

/** A process that the benchmark started. */
export interface Child {
  pid: number;
  process: ChildProcess;
  /** The end of its output, for the message if it fails. */
  output(): string;
  /** Ends it with SIGTERM, or after 15 s with SIGKILL, together with its descendants. Never throws. */
  stop(): Promise<void>;
}

/** All processes of a benchmark. However the benchmark ends, none of them is left. */
export class Children {
  private readonly alive = new Set<ChildProcess>();

  constructor() {
    process.once('exit', () => this.killAll());
  }

  /** A program of the benchmark, with a channel for messages. */
  fork(program: string, args: readonly string[]): Child {
    return this.adopt(fork(path.join(__dirname, `${program}.js`), args, { silent: true }));
  }

  /** Another Node program; its environment is `env` only. */
  start(script: string, cwd: string, env: Record<string, string | undefined>): Child {
    const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
    return this.adopt(spawn(process.execPath, [script], { cwd, env, stdio }));
  }

  /** A command of the user, with the user's environment. */
  shell(command: string): Child {
    return this.adopt(spawn(command, { shell: true, stdio: ['ignore', 'pipe', 'pipe'] }));
  }

  /** Kills all at once. */
  killAll(): void {
    for (const child of this.alive) kill(child);
    this.alive.clear();
  }

  private adopt(child: ChildProcess): Child {
    this.alive.add(child);
    let output = '';
    const keep = (part: Buffer): void => {
      output = (output + part.toString()).slice(-KEPT_OUTPUT);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    child.once('error', (error) => keep(Buffer.from(error.message)));
    const ended = new Promise<void>((resolve) => {
      child.once('error', () => resolve());
      child.once('exit', () => {
        this.alive.delete(child);
        resolve();
      });
    });
    return {
      pid: child.pid ?? 0,
      process: child,
      output: () => output,
      stop: async () => {
        if (!this.alive.has(child)) return;
        child.kill('SIGTERM');
        const late = setTimeout(() => kill(child), STOP_TIMEOUT_MS);
        await ended;
        clearTimeout(late);
      },
    };
  }
}

function kill(child: ChildProcess): void {
  if (child.pid === undefined) return;
  for (const pid of processTree(child.pid)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // The process has ended by itself meanwhile.
    }
  }
}

/**
 * The first message of a child that `accept` accepts.
 * @throws Error if the child ends before, after `timeoutMs`, or when `signal` aborts
 */
export function childMessage<T>(
  child: Child,
  accept: (message: unknown) => T | null,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const stopListening = (): void => {
      clearTimeout(timer);
      child.process.off('message', onMessage);
      child.process.off('exit', onExit);
      signal.removeEventListener('abort', onAbort);
    };
    const fail = (reason: string): void => {
      stopListening();
      reject(new Error(`${reason}\n${child.output()}`.trim()));
    };
    const onMessage = (message: unknown): void => {
      const accepted = accept(message);
      if (accepted === null) return;
      stopListening();
      resolve(accepted);
    };
    const onExit = (): void => fail('a program of the benchmark ended early');
    const onAbort = (): void => fail('interrupted');
    const timer = setTimeout(() => fail(`no answer within ${timeoutMs / 1000} s`), timeoutMs);
    child.process.on('message', onMessage);
    child.process.once('exit', onExit);
    signal.addEventListener('abort', onAbort, { once: true });
    if (signal.aborted) onAbort();
  });
}
