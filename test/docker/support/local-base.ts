import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { docker } from './docker-cli';

const TAG = 'acefleet-base:test';
const LIBSQL = join(__dirname, '../../../node_modules/@libsql');
const PARTS_LABEL = 'acefleet.test.parts';
const SYSTEM_FOLDERS = ['/usr/bin', '/bin', '/usr/sbin', '/sbin'];
/** Programs that the Dockerfiles call. */
const PROGRAMS = ['sh', 'env', 'mkdir', 'chown', 'rm'];
const IMPORT_WITHIN_MS = 150_000;

/**
 * A replacement for the official Node.js image with the same layout, built without a registry from this machine's
 * Node.js, npm and a shell with their libraries. Its npm uses the same registry as this machine's. Equal parts give an
 * equal image.
 * @returns its tag
 */
export async function localBase(): Promise<string> {
  const npm = npmFolder();
  const npmrc = npmSettings();
  const parts = createHash('sha256')
    .update(readFileSync(__filename))
    .update(readFileSync(join(npm, 'package.json')))
    .update(JSON.stringify([process.version, statSync(process.execPath).size, npmrc]))
    .digest('hex');
  if ((await presentParts()) === parts) return TAG;
  const tree = mkdtempSync(join(tmpdir(), 'acefleet-base-'));
  try {
    fill(tree, npm, npmrc);
    await importTree(tree, parts);
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
  return TAG;
}

async function presentParts(): Promise<string> {
  const format = `{{index .Config.Labels "${PARTS_LABEL}"}}`;
  return docker(['image', 'inspect', '--format', format, TAG]).catch(() => '');
}

function fill(tree: string, npm: string, npmrc: NpmSettings): void {
  for (const folder of ['etc', 'tmp', 'root', 'bin', 'usr/bin', 'usr/local/bin', 'usr/local/etc']) {
    mkdirSync(join(tree, folder), { recursive: true });
  }
  chmodSync(join(tree, 'tmp'), 0o1777);
  writeFileSync(join(tree, 'etc/passwd'), 'root:x:0:0::/root:/bin/sh\n');
  copyFileSync(process.execPath, join(tree, 'usr/local/bin/node'));
  cpSync(npm, join(tree, 'usr/local/lib/node_modules/npm'), { recursive: true, dereference: true });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(tree, 'usr/local/bin/npm'));
  const lines = Object.entries(npmrc.settings).map(([name, value]) => `${name}=${value}\n`);
  if (npmrc.authorities !== null) {
    copyFileSync(npmrc.authorities, join(tree, 'etc/authorities.pem'));
    lines.push('cafile=/etc/authorities.pem\n');
  }
  writeFileSync(join(tree, 'usr/local/etc/npmrc'), lines.join(''));
  const programs = PROGRAMS.map((name) => ({ name, path: pathOf(name) }));
  // Separate folders, because /bin is /usr/bin on many systems.
  for (const { name, path } of programs) {
    copyFileSync(path, join(tree, 'bin', name));
    copyFileSync(path, join(tree, 'usr/bin', name));
  }
  for (const path of [process.execPath, ...programs.map(({ path: one }) => one), ...addons()]) {
    for (const library of librariesOf(path)) {
      mkdirSync(join(tree, dirname(library)), { recursive: true });
      copyFileSync(library, join(tree, library));
    }
  }
}

/** The compiled parts of npm packages that the product loads; they may need more libraries than Node.js does. */
function addons(): string[] {
  return readdirSync(LIBSQL)
    .filter((name) => name.endsWith('-gnu'))
    .map((name) => join(LIBSQL, name, 'index.node'));
}

function importTree(tree: string, parts: string): Promise<void> {
  const path = 'PATH=/usr/local/bin:/usr/bin:/bin';
  const pack = `tar --create --owner=0 --group=0 --numeric-owner --directory="$1" . |
    docker import --change "ENV $2" --change "LABEL ${PARTS_LABEL}=$3" - "$4"`;
  return new Promise((resolve, reject) => {
    const words = ['-o', 'pipefail', '-c', pack, 'import', tree, path, parts, TAG];
    const child = spawn('bash', words, {
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: IMPORT_WITHIN_MS,
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`importing the base image: ${said}`));
    });
  });
}

interface NpmSettings {
  readonly settings: Readonly<Record<string, string>>;
  /** A file of additional certificate authorities that this machine's npm trusts; null: none. */
  readonly authorities: string | null;
}

function npmSettings(): NpmSettings {
  const ask = (name: string): string | null => {
    const value = output('npm', ['config', 'get', name]).trim();
    return value === '' || value === 'null' || value === 'undefined' ? null : value;
  };
  // A registry may fail or send a part only, more than once.
  const settings: Record<string, string> = { 'update-notifier': 'false', 'fetch-retries': '5' };
  for (const name of ['registry', 'proxy', 'https-proxy']) {
    const value = ask(name);
    if (value !== null) settings[name] = value;
  }
  const file = ask('cafile') ?? process.env['NODE_EXTRA_CA_CERTS'] ?? null;
  return { settings, authorities: file !== null && existsSync(file) ? file : null };
}

/** The folder of npm itself, whatever its prefix is. */
function npmFolder(): string {
  return dirname(dirname(realpathSync(pathOf('npm'))));
}

function pathOf(name: string): string {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...SYSTEM_FOLDERS];
  const path = folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
  if (path === undefined) throw new Error(`${name} is not on this machine`);
  return path;
}

/** Lines are `name => /path (address)` and, for the loader, `/path (address)`. */
function librariesOf(program: string): string[] {
  return output('ldd', [program]).match(/(?<=\s)\/\S+(?= \()/g) ?? [];
}

function output(program: string, args: readonly string[]): string {
  return execFileSync(program, args, {
    encoding: 'utf8',
    timeout: 20_000,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
