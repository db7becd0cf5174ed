// `npm run bench:start`: how long it takes from `git clone` to the first picture, phase by phase. Clones the last commit
// of this repository, starts the clone with simulated engines and lets ffmpeg decode one picture. `--cache cold` lets
// npm begin with an empty cache; `--runs N` repeats all N times (default 1).
import { execFile, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs, promisify } from 'node:util';
import { ROOT } from './lib/prepare.mjs';

const { values } = parseArgs({
  options: {
    cache: { type: 'string', default: 'warm' },
    runs: { type: 'string', default: '1' },
  },
});

const PICTURE_WITHIN_MS = 10 * 60_000;
const ASK_EVERY_MS = 50;
/** Simulated engines that were selected explicitly play any content. */
const CONTENT = 'a'.repeat(40);
/** The message of the start on stderr at the end of a phase. */
const INSTALLED = /installing dependencies: \d+ s/;
const BUILT = /building .*: \d+ s/;

const run = promisify(execFile);

for (let n = 0; n < Number(values.runs); n += 1) await measure();

async function measure() {
  const folder = mkdtempSync(join(tmpdir(), 'acefleet-bench-'));
  const clone = join(folder, 'acefleet');
  const beganMs = performance.now();
  const seconds = () => (performance.now() - beganMs) / 1000;
  let server = null;
  try {
    execFileSync('git', ['clone', '--quiet', ROOT, clone]);
    const cloned = seconds();
    const port = await freePort();
    server = start(clone, folder, port);
    const installed = server.says(INSTALLED).then(seconds);
    const built = server.says(BUILT).then(seconds);
    await Promise.race([pictureOf(port), server.ended]);
    const picture = seconds();
    print('clone', cloned);
    print('install', (await installed) - cloned);
    print('build', (await built) - (await installed));
    print('start and first picture', picture - (await built));
    print(`from git clone to the first picture, ${values.cache} npm cache`, picture);
  } finally {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function start(clone, folder, port) {
  const env = {
    ...process.env,
    PORT: String(port),
    HOST: '127.0.0.1',
    DATA_DIR: join(folder, 'data'),
    ENGINE_DRIVER: 'simulator',
    ...(values.cache === 'cold' && { npm_config_cache: join(folder, 'cache') }),
  };
  const child = spawn('npm', ['start'], { cwd: clone, env, detached: true, stdio: 'pipe' });
  let errors = '';
  child.stdout.resume();
  child.stderr.setEncoding('utf8').on('data', (text) => (errors += text));
  const closed = new Promise((resolve) => child.once('close', resolve));
  return {
    ended: closed.then(() => {
      throw new Error(`the start failed:\n${errors}`);
    }),
    says: (pattern) =>
      new Promise((resolve) => {
        const look = () => pattern.test(errors) && resolve();
        child.stderr.on('data', look);
        look();
      }),
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGTERM');
      await closed;
    },
  };
}

/** Repeats the request until the server answers. */
async function pictureOf(port) {
  const url = `http://127.0.0.1:${port}/ace/getstream?id=${CONTENT}`;
  const quick = ['-analyzeduration', '100000', '-probesize', '200000'];
  const args = ['-v', 'error', ...quick, '-i', url, '-frames:v', '1', '-f', 'null', '-'];
  const endsMs = performance.now() + PICTURE_WITHIN_MS;
  for (;;) {
    const isListening = await fetch(`http://127.0.0.1:${port}/health/live`).then(
      () => true,
      () => false,
    );
    if (isListening) {
      await run('ffmpeg', args);
      return;
    }
    if (performance.now() > endsMs) throw new Error('no picture');
    await delay(ASK_EVERY_MS);
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function print(what, figure) {
  process.stdout.write(`${what}: ${figure.toFixed(1)} s\n`);
}
