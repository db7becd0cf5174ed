import { type ChildProcess, spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ROOT } from './repository';

const FACT_TIMEOUT_MS = 60_000;

/** A program that prints that it runs, and runs until it is ended. */
const PROGRAM = `console.log('running as', process.pid);\nsetInterval(() => undefined, 1000);\n`;

/**
 * Stands for npm: writes down how it was called, then does what the next line of `npm.plan` says, or installs.
 * `wait` installs once there is a file `go`, and otherwise a line is the error code to fail with.
 */
const NPM = `#!${process.execPath}
const fs = require('fs');
const path = require('path');
const [plan = '', ...rest] = fs.existsSync('npm.plan') ? fs.readFileSync('npm.plan', 'utf8').split('\\n') : [];
fs.writeFileSync('npm.plan', rest.join('\\n'));
fs.appendFileSync('npm.log', JSON.stringify({ pid: process.pid, args: process.argv.slice(2) }) + '\\n');
const install = () => {
  const { packages } = JSON.parse(fs.readFileSync('package-lock.json', 'utf8'));
  for (const name of Object.keys(packages).filter((name) => name !== '')) {
    fs.mkdirSync(name, { recursive: true });
    fs.writeFileSync(path.join(name, 'package.json'), '{}');
  }
  delete packages[''];
  fs.writeFileSync('node_modules/.package-lock.json', JSON.stringify({ packages }));
};
if (process.argv[2] === 'ci') fs.rmSync('node_modules', { recursive: true, force: true });
if (plan === 'wait') {
  fs.mkdirSync('node_modules/half', { recursive: true });
  setInterval(() => {
    if (!fs.existsSync('go')) return;
    install();
    process.exit();
  }, 20);
} else if (plan !== '') {
  console.error('npm error code ' + plan + '\\nnpm error errno -1\\nnpm error said by npm');
  process.exitCode = 1;
} else {
  install();
}
`;

/** A small checkout with the real scripts, in a path with characters that programs often handle wrongly. */
export class Checkout {
  readonly root = mkdtempSync(join(tmpdir(), 'acefleet ü %20 '));
  private readonly started: StartedScript[] = [];

  constructor() {
    cpSync(join(ROOT, 'scripts'), join(this.root, 'scripts'), { recursive: true });
    this.put('package.json', '{ "name": "acefleet", "version": "0.0.0", "private": true }');
    this.putLock('1.0.0');
    for (const folder of ['.', 'simulator']) {
      this.put(join(folder, 'tsconfig.json'), readFileSync(join(ROOT, folder, 'tsconfig.json')));
      this.put(join(folder, 'src', 'main.ts'), PROGRAM);
      this.putBuild(folder);
    }
    this.put('programs/npm', NPM);
    chmodSync(join(this.root, 'programs/npm'), 0o755);
  }

  put(path: string, content: string | Uint8Array): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), content);
  }

  /** Writes a lock with one package of this version. */
  putLock(version: string): void {
    const packages = { '': {}, 'node_modules/left': { version, integrity: `of ${version}` } };
    this.put('package-lock.json', JSON.stringify({ packages }));
  }

  /** Links the real dependencies, as if a user had installed them with npm. */
  linkDependencies(): void {
    symlinkSync(join(ROOT, 'node_modules'), join(this.root, 'node_modules'));
    this.put('package-lock.json', readFileSync(join(ROOT, 'package-lock.json')));
  }

  has(path: string): boolean {
    return existsSync(join(this.root, path));
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), 'utf8');
  }

  /** Sets the results of the next calls of npm; see `NPM`. */
  planNpm(...steps: string[]): void {
    this.put('npm.plan', steps.join('\n'));
  }

  npmCalls(): { pid: number; args: string[] }[] {
    if (!this.has('npm.log')) return [];
    return this.read('npm.log')
      .trim()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as { pid: number; args: string[] });
  }

  npmCommands(): string[] {
    return this.npmCalls().map(({ args: [command] }) => command ?? '');
  }

  /** Files of the processes that work in the checkout. */
  occupants(): string[] {
    return this.has('.acefleet/processes')
      ? readdirSync(join(this.root, '.acefleet/processes')).filter((name) => name.endsWith('.json'))
      : [];
  }

  start(script = 'start', ...words: string[]): StartedScript {
    const started = new StartedScript(this.root, script, words);
    this.started.push(started);
    return started;
  }

  async remove(): Promise<void> {
    for (const { pid } of this.npmCalls()) kill(pid);
    for (const script of this.started) script.kill('SIGKILL');
    await Promise.all(this.started.map((script) => script.ended));
    rmSync(this.root, { recursive: true, force: true });
  }

  private putBuild(folder: string): void {
    this.put(join(folder, 'dist', 'main.js'), PROGRAM);
    const inputs = [join(folder, 'tsconfig.json'), 'scripts/lib/compile.mjs', 'package.json'];
    const stamp = join(folder, 'dist', '.built');
    this.put(stamp, [...inputs, join(folder, 'src', 'main.ts')].join('\n'));
    const later = new Date(Date.now() + 60_000);
    utimesSync(join(this.root, stamp), later, later);
  }
}

/** One of the scripts as a process, as npm starts it. */
export class StartedScript {
  output = '';
  errors = '';
  readonly ended: Promise<number | null>;
  private readonly child: ChildProcess;

  constructor(root: string, script: string, words: readonly string[]) {
    const check = './scripts/lib/supported-node.cjs';
    this.child = spawn(process.execPath, ['-r', check, `scripts/${script}.mjs`, ...words], {
      cwd: root,
      env: {
        ...process.env,
        PATH: [join(root, 'programs'), process.env['PATH']].join(delimiter),
        // The scripts must not touch this machine's containers.
        DOCKER_HOST: 'unix:///nowhere',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.errors += text));
    // Not `close`, because a grandchild that outlives it keeps the pipes open.
    this.ended = new Promise((resolve) => this.child.once('exit', resolve));
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get isOver(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Resolves once the program itself runs. */
  async running(): Promise<void> {
    await fact(() => this.output.includes('running as') || this.isOver, 'the start');
    if (this.isOver) throw new Error(`ended instead of running:\n${this.errors}`);
  }
}

/** Resolves when the condition holds. */
export async function fact(holds: () => boolean, what: string): Promise<void> {
  const endsMs = performance.now() + FACT_TIMEOUT_MS;
  while (!holds()) {
    if (performance.now() > endsMs) throw new Error(`not seen: ${what}`);
    await delay(10);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // The process ended by itself.
  }
}
