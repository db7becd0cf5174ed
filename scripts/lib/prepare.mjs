import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from './command.mjs';
import { isBuildStale, isInstallStale, listInputs, stampBuild } from './staleness.mjs';

export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const INSTALL_TIMEOUT_MS = 15 * 60_000;
const BUILD_TIMEOUT_MS = 5 * 60_000;
/** What npm says of a registry that was away or broke off. Whatever else goes wrong would go wrong again. */
const NETWORK_TROUBLE =
  /\b(?:E5\d\d|E429|ECONNRESET|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|EINTEGRITY|ERR_SOCKET_TIMEOUT)\b/;
const TSC = join('node_modules', 'typescript', 'bin', 'tsc');

/** Oldest version of Node.js that the dependencies work with. */
const MIN_NODE = [20, 19];

const PRODUCT = {
  name: 'acefleet',
  sources: 'src',
  files: ['tsconfig.json', 'nest-cli.json', 'package.json'],
  output: 'dist',
  entry: join('dist', 'main.js'),
  compiler: [join('node_modules', '@nestjs', 'cli', 'bin', 'nest.js'), 'build'],
};

const SIMULATOR = {
  name: 'simulator',
  sources: join('simulator', 'src'),
  files: [join('simulator', 'tsconfig.json')],
  output: join('simulator', 'dist'),
  entry: join('simulator', 'dist', 'main.js'),
  compiler: [TSC, '-p', join('simulator', 'tsconfig.json')],
};

const BENCH = {
  name: 'bench',
  sources: join('bench', 'src'),
  files: [join('bench', 'tsconfig.json')],
  output: join('bench', 'dist'),
  entry: join('bench', 'dist', 'main.js'),
  compiler: [TSC, '-p', join('bench', 'tsconfig.json')],
};

/** A step on the way failed; the message is for the terminal, whole and without a stack. */
export class PreparationError extends Error {}

/** Installs and builds the product where needed. Returns the path of its entry. */
export async function prepareProduct() {
  await prepareDependencies();
  return build(PRODUCT);
}

/** Builds the engine simulator where needed. Returns the path of its entry. */
export async function prepareSimulator() {
  await prepareDependencies();
  return build(SIMULATOR);
}

/** Builds the benchmark where needed. Returns the path of its entry. */
export async function prepareBench() {
  await prepareDependencies();
  return build(BENCH);
}

/** Installs what package-lock.json names, and never anything else. */
export async function prepareDependencies() {
  checkNode();
  // A container image has no sources, nothing to build, and dependencies of its own making.
  if (!existsSync(join(ROOT, 'src')) || !isInstallStale(ROOT)) return;
  say('installing dependencies (a minute or two the first time) …');
  const lockPath = join(ROOT, 'package-lock.json');
  const lock = readFileSync(lockPath, 'utf8');
  // Not `npm ci`: it refuses a lock that lacks other platforms' optional packages, as locks made
  // against a partial registry mirror do. Scripts of packages are never needed, so never run.
  const install = ['install', '--ignore-scripts', '--no-audit', '--no-fund'];
  const options = { cwd: ROOT, timeoutMs: INSTALL_TIMEOUT_MS };
  let { ok, output } = await runCommand('npm', install, options);
  if (!ok && NETWORK_TROUBLE.test(output)) {
    say('the registry did not deliver, trying once more …');
    ({ ok, output } = await runCommand('npm', install, options));
  }
  const isLockChanged = readFileSync(lockPath, 'utf8') !== lock;
  if (isLockChanged) writeFileSync(lockPath, lock);
  if (!ok) throw new PreparationError(`npm install failed:\n${output.trim()}`);
  if (isLockChanged) {
    throw new PreparationError(
      'npm install changed package-lock.json, which was put back: it does not fit package.json.\n' +
        'Run `npm install --ignore-scripts` and commit the lock when the change is meant.',
    );
  }
  // npm leaves its mark alone when nothing was to do; without this every start would install again.
  const now = new Date();
  utimesSync(join(ROOT, 'node_modules', '.package-lock.json'), now, now);
}

async function build(plan) {
  const entry = join(ROOT, plan.entry);
  if (!isBuildStale(ROOT, plan)) return entry;
  say(`building ${plan.name} …`);
  const startedAt = new Date();
  const inputs = listInputs(ROOT, plan);
  const { ok, output } = await runCommand(process.execPath, plan.compiler, {
    cwd: ROOT,
    timeoutMs: BUILD_TIMEOUT_MS,
  });
  if (!ok) throw new PreparationError(`building ${plan.name} failed:\n${output.trim()}`);
  if (!existsSync(entry)) throw new PreparationError(`building ${plan.name} made no ${plan.entry}`);
  stampBuild(ROOT, plan, inputs, startedAt);
  return entry;
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > MIN_NODE[0] || (major === MIN_NODE[0] && minor >= MIN_NODE[1])) return;
  throw new PreparationError(
    `acefleet needs Node.js ${MIN_NODE.join('.')} or newer, this is ${process.versions.node}`,
  );
}

/** On the error stream: standard output belongs to the program that is started next. */
function say(line) {
  process.stderr.write(`${line}\n`);
}
