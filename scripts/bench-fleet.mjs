// `npm run bench:fleet`: measures the cost of a fleet in containers and its recovery time, with a real Docker
// Engine and the simulator's image (`npm run simulator:image`). Prints figures; `--engines N` (20), `--seconds N`
// (60).
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { prepare, ROOT } from './lib/prepare.mjs';

const { values } = parseArgs({
  options: {
    engines: { type: 'string', default: '20' },
    seconds: { type: 'string', default: '60' },
  },
});
const engines = Number(values.engines);
const seconds = Number(values.seconds);

const PORT = 8299;
const KEY = 'bench';
const TICKS_PER_SECOND = 100;
const KILLS = 3;
const HEALTHY_WITHIN_MS = 180_000;
const IMAGE = 'acefleet-simulator';

await prepare('npm run bench:fleet', ['product', 'simulator']);
execFileSync('bash', [join(ROOT, 'simulator/build-image.sh'), IMAGE], { stdio: 'ignore' });

const folder = mkdtempSync(join(tmpdir(), 'acefleet-bench-'));
let product = start();
try {
  await figures();
} finally {
  await removeAll();
  rmSync(folder, { recursive: true, force: true });
}

async function figures() {
  const begunMs = performance.now();
  await healthy();
  print(`${engines} engines up`, since(begunMs));
  await delay(10_000);
  const before = { cpu: cpuSeconds(product.pid), atMs: performance.now() };
  await delay(seconds * 1000);
  const spent = cpuSeconds(product.pid) - before.cpu;
  const share = (spent / ((performance.now() - before.atMs) / 1000)) * 100;
  print('watching them', `${share.toFixed(2)} % of a core`);

  for (let n = 0; n < KILLS; n += 1) {
    const [victim] = await listed();
    execFileSync('docker', ['kill', victim.id], { stdio: 'ignore' });
    const killedMs = performance.now();
    await until(async () => {
      const others = (await listed()).filter(({ id }) => id !== victim.id);
      return others.length === engines && others.every(isHealthy);
    });
    print('a killed engine replaced, its own start included', since(killedMs));
  }

  const ids = (await listed()).map(({ id }) => id).sort();
  await end('SIGKILL');
  const restartedMs = performance.now();
  product = start();
  await healthy();
  print('adopted after a crash, from the start of the process', since(restartedMs));
  const adopted = (await listed()).map(({ id }) => id).sort();
  print('the same engines', String(JSON.stringify(ids) === JSON.stringify(adopted)));
}

function start() {
  const log = openSync(join(folder, 'log'), 'a');
  const env = {
    ...process.env,
    PORT: String(PORT),
    API_KEY: KEY,
    DATA_DIR: join(folder, 'data'),
    LOG_FORMAT: 'json',
    ENGINE_DRIVER: 'docker',
    ENGINE_IMAGE: IMAGE,
    MIN_REPLICAS: String(engines),
    MIN_FREE_REPLICAS: '0',
    MAX_REPLICAS: String(engines + 1),
    ENGINE_PARALLEL_STARTS: '5',
    ENGINES_ON_SHUTDOWN: 'remove',
  };
  return spawn(process.execPath, [join(ROOT, 'dist/main.js')], {
    cwd: folder,
    env,
    stdio: ['ignore', log, log],
  });
}

/** The containers are requested from the product itself, so that no other containers are affected. */
async function removeAll() {
  if (product.exitCode !== null || product.signalCode !== null) product = start();
  await healthy().catch(() => undefined);
  await end('SIGTERM');
}

async function end(signal) {
  const ended = new Promise((resolve) => product.once('exit', resolve));
  product.kill(signal);
  await ended;
}

async function listed() {
  const answer = await fetch(`http://127.0.0.1:${PORT}/api/v1/engines`, {
    headers: { 'X-API-Key': KEY },
  });
  return answer.json();
}

function healthy() {
  return until(async () => {
    const all = await listed();
    return all.length === engines && all.every(isHealthy);
  });
}

function isHealthy({ state }) {
  return state === 'healthy';
}

async function until(fact) {
  const endsAt = performance.now() + HEALTHY_WITHIN_MS;
  while (performance.now() < endsAt) {
    if (await fact().catch(() => false)) return;
    await delay(20);
  }
  throw new Error(`not within ${HEALTHY_WITHIN_MS / 1000} s; the log ends with:\n${tail()}`);
}

function tail() {
  return readFileSync(join(folder, 'log'), 'utf8').split('\n').slice(-10).join('\n');
}

/** User and system time so far, as the kernel counts it. */
function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

function since(ms) {
  return `${((performance.now() - ms) / 1000).toFixed(2)} s`;
}

function print(what, figure) {
  process.stdout.write(`${what}: ${figure}\n`);
}
