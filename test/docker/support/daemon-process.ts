import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const SYSTEM_PATHS = [
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
];
const LOOK_EVERY_MS = 50;

/** A process that can be started, ended and started again. Its log and its pid file are in a folder. */
export class DaemonProcess {
  private child: ChildProcess | null = null;
  private failure: Error | null = null;

  constructor(
    private readonly command: string,
    private readonly args: readonly string[],
    private readonly folder: string,
  ) {}

  get isRunning(): boolean {
    const { child } = this;
    return child?.pid !== undefined && child.exitCode === null && child.signalCode === null;
  }

  get log(): string {
    const path = join(this.folder, `${this.command}.log`);
    return existsSync(path) ? readFileSync(path, 'utf8') : '';
  }

  async start(): Promise<void> {
    if (this.isRunning) return;
    // After SIGKILL the pid file names a process that has ended, and the pid may belong to another process by now.
    rmSync(join(this.folder, `${this.command}.pid`), { force: true });
    const log = openSync(join(this.folder, `${this.command}.log`), 'a');
    const env = { ...process.env };
    env['PATH'] = [env['PATH'] ?? '', ...SYSTEM_PATHS].join(':');
    delete env['DOCKER_HOST'];
    this.failure = null;
    const child = spawn(this.command, [...this.args], { stdio: ['ignore', log, log], env });
    closeSync(log);
    child.once('error', (error) => {
      this.failure = error;
    });
    this.child = child;
    await delay(0);
  }

  /** @throws Error with its output if the process ends or is late */
  async upWhen(isUp: () => Promise<boolean>, withinMs: number): Promise<void> {
    const giveUpAt = performance.now() + withinMs;
    while (!(await isUp())) {
      if (this.failure !== null) throw this.failure;
      if (!this.isRunning || performance.now() > giveUpAt) {
        throw new Error(`${this.command} did not come up: ${this.log.slice(-2000)}`);
      }
      await delay(LOOK_EVERY_MS);
    }
  }

  signal(signal: NodeJS.Signals): void {
    if (this.isRunning) this.child?.kill(signal);
  }

  /** Resolves when the process is gone; kills it if the signal does not end it in time. */
  async end(signal: 'SIGTERM' | 'SIGKILL', withinMs: number): Promise<void> {
    const { child } = this;
    if (child === null || !this.isRunning) return;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), withinMs);
    await gone;
    clearTimeout(late);
  }
}
