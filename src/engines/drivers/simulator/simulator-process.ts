import { spawn, type ChildProcess } from 'node:child_process';
import { Logger } from '@nestjs/common';
import { readLines } from './bounded-lines';

/**
 * The ports of a simulated engine, from the line that it prints when it is ready:
 * `{"event":"listening","http_port":…,"control_port":…}`.
 */
export interface SimulatorPorts {
  readonly httpPort: number;
  readonly controlPort: number;
}

export interface SimulatorCommand {
  /** Path of the simulator's main script. */
  readonly script: string;
  readonly args: readonly string[];
  /** Name of the child in the log. */
  readonly name: string;
  /** Called with each line of output. */
  readonly onLine: (line: string) => void;
}

const MAX_LINE_CHARS = 2000;
const MAX_REASON_CHARS = 200;

/**
 * A child that does not listen within this time counts as hung and is killed. The time is long, because a busy
 * machine starts processes slowly.
 */
const LISTEN_WITHIN_MS = 20_000;

/** A simulator may be set to ignore SIGTERM, as real engines do. */
const KILL_AFTER_MS = 2000;

/** One simulated engine as a child process. It starts with the object and is gone when `ended` resolves. */
export class SimulatorProcess {
  /** The ports; null when the child ended before it listened. */
  readonly listening: Promise<SimulatorPorts | null>;
  /** Why it ended, for the event log. Never rejects. */
  readonly ended: Promise<string>;

  private readonly logger = new Logger(SimulatorProcess.name);
  private readonly child: ChildProcess;
  private lastError = '';
  private isOver = false;

  constructor(private readonly command: SimulatorCommand) {
    // The child has its own process group: Ctrl-C goes to the whole foreground group, and engines must run until the
    // last viewer is served. The child ends when this process closes its end of the child's stdin.
    const child = spawn(process.execPath, [command.script, ...command.args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    this.child = child;
    child.stdin.on('error', () => undefined);
    readLines(child.stderr, MAX_LINE_CHARS, (line) => {
      this.lastError = line;
      this.say(line);
    });
    this.ended = this.end();
    this.listening = this.listen(child.stdout);
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Continues a child that was stopped with SIGSTOP. */
  resume(): void {
    this.child.kill('SIGCONT');
  }

  /** Ends the child, by SIGKILL if necessary. Resolves when it is gone. */
  async stop(): Promise<void> {
    if (this.isOver) return;
    this.child.kill('SIGTERM');
    const force = setTimeout(() => this.child.kill('SIGKILL'), KILL_AFTER_MS);
    await this.ended;
    clearTimeout(force);
  }

  private say(line: string): void {
    this.logger.debug(`${this.command.name}: ${line}`);
    this.command.onLine(line);
  }

  private end(): Promise<string> {
    return new Promise((resolve) => {
      const over = (reason: string): void => {
        this.isOver = true;
        resolve(reason);
      };
      this.child.once('error', (error) => over(`process could not be started: ${error.message}`));
      // `close` follows the end of all pipes, so the last line is known.
      this.child.once('close', (code, signal) => over(this.exitReason(code, signal)));
    });
  }

  private listen(stdout: NonNullable<ChildProcess['stdout']>): Promise<SimulatorPorts | null> {
    return new Promise((resolve) => {
      const hung = setTimeout(() => {
        this.lastError = `not listening after ${LISTEN_WITHIN_MS / 1000} s`;
        this.child.kill('SIGKILL');
      }, LISTEN_WITHIN_MS);
      const settle = (ports: SimulatorPorts | null): void => {
        clearTimeout(hung);
        resolve(ports);
      };
      readLines(stdout, MAX_LINE_CHARS, (line) => {
        this.say(line);
        const ports = parseListening(line);
        if (ports !== null) settle(ports);
      });
      void this.ended.then(() => settle(null));
    });
  }

  private exitReason(code: number | null, signal: NodeJS.Signals | null): string {
    const how =
      signal === null
        ? `process exited with code ${code ?? 'unknown'}`
        : `process killed by ${signal}`;
    const why = code === 0 ? '' : this.lastError.slice(0, MAX_REASON_CHARS);
    return why === '' ? how : `${how}: ${why}`;
  }
}

function parseListening(line: string): SimulatorPorts | null {
  try {
    const parsed: unknown = JSON.parse(line);
    if (typeof parsed !== 'object' || parsed === null) return null;
    const {
      event,
      http_port: httpPort,
      control_port: controlPort,
    } = parsed as Record<string, unknown>;
    if (event !== 'listening' || !isPort(httpPort) || !isPort(controlPort)) return null;
    return { httpPort, controlPort };
  } catch {
    return null;
  }
}

function isPort(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 65_536;
}
