import { type ChildProcess, fork, spawn } from 'node:child_process';
import path from 'node:path';
import { processTree } from './process-usage';

/** How long a child may take from SIGTERM to its end. */
const STOP_TIMEOUT_MS = 15_000;
const KEPT_OUTPUT = 4000;

/** A process the benchmark started. */
export interface Child {
  pid: number;
  process: ChildProcess;
  /** The last of what it printed, for a message when it fails. */
  output(): string;
  /** Ends it with SIGTERM, after 15 s with SIGKILL together with its descendants. Never throws. */
  stop(): Promise<void>;
}

/** All processes of a benchmark. Whatever way the benchmark ends, none of them stays behind. */
export class Children {
  private readonly alive = new Set<ChildProcess>();

  constructor() {
    process.once('exit', () => this.killAll());
  }

  /** A program of the benchmark's own, with a channel for messages. */
  fork(program: string, args: readonly string[]): Child {
    return this.adopt(fork(path.join(__dirname, `${program}.js`), args, { silent: true }));
  }

  /** Another Node program; gets nothing of our environment but `env`. */
  start(script: string, cwd: string, env: Record<string, string | undefined>): Child {
    const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe'];
    return this.adopt(spawn(process.execPath, [script], { cwd, env, stdio }));
  }

  /** A command of the caller's, with the caller's environment. */
  shell(command: string): Child {
    return this.adopt(spawn(command, { shell: true, stdio: ['ignore', 'pipe', 'pipe'] }));
  }

  /** Ends all at once, without asking. */
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
      // It ended by itself meanwhile.
    }
  }
}

/**
 * The first message of a child that `accept` takes.
 * @throws Error when the child ends before, when `timeoutMs` pass, or when `signal` aborts
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
