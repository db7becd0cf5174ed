// The command `acefleet`.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { becomeProgram, runScript } from './lib/launch.mjs';
import { prepare, PreparationError, ROOT } from './lib/prepare.mjs';

const USAGE = `Usage: acefleet <command>

  start      run the server (the same as npm start)
  key        print the key of the admin API
  login      print a link that signs a browser in once; the server must be running
  backup FILE
             write all data of this installation to a new file; the server may run
  restore FILE
             create the data folder from such a file; it must have no data yet

  --version  print the version
  --help     print this

Settings are environment variables or a file .env here; see docs/configuration.md.
`;

/** Exit codes: an invalid command line; invalid settings (EX_CONFIG of sysexits.h). */
const EXIT_USAGE = 2;
const EXIT_CONFIG = 78;

const LOGIN_TIMEOUT_MS = 10_000;

const KEY_FORM = /^[\x21-\x7e]{1,256}$/;

const [command, ...rest] = process.argv.slice(2);
await runScript(async () => {
  const [file] = rest;
  if (rest.length === 1 && (command === 'backup' || command === 'restore')) {
    return moveData(command, resolve(file));
  }
  switch (rest.length > 0 ? 'too much' : command) {
    case 'start': {
      const [entry] = await prepare('acefleet start', ['product', 'simulator']);
      return becomeProgram(entry, []);
    }
    case 'key':
      return printKey();
    case 'login':
      return printLink();
    case '--version':
    case '-v':
      return print(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version);
    case '--help':
    case '-h':
      return process.stdout.write(USAGE);
    default:
      process.stderr.write(USAGE);
      process.exitCode = EXIT_USAGE;
  }
});

/** The key from the settings, or the key that the server generated and keeps in its data folder. */
async function printKey() {
  const { apiKey, dataDir } = (await loadSettings()) ?? {};
  if (dataDir !== undefined) print(apiKey ?? readKeptKey(resolve(dataDir, 'api-key')));
}

/** A link from the running server, which has the same settings and the same data folder. */
async function printLink() {
  const config = await loadSettings();
  if (config === null) return;
  const { host, port, publicUrl } = config;
  const key = config.apiKey ?? readKeptKey(resolve(config.dataDir, 'api-key'));
  const name = ['::', '0.0.0.0', ''].includes(host) ? 'localhost' : host;
  const server = `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
  print((await requestLink(server, key)).url);
  process.stderr.write('Open it in a browser: it signs you in once, within 10 minutes.\n');
  if (publicUrl !== null) return;
  process.stderr.write(
    `On another computer, replace ${new URL(server).host} with the name or address of this server, and its published port.\n`,
  );
}

async function requestLink(server, key) {
  let answer;
  try {
    answer = await fetch(`${server}/api/v1/sign-in-links`, {
      method: 'POST',
      headers: { 'X-API-Key': key },
      signal: AbortSignal.timeout(LOGIN_TIMEOUT_MS),
    });
  } catch {
    throw new PreparationError(
      `No server answers at ${server}. Start it first; HOST and PORT must be those that it has.`,
    );
  }
  const body = await answer.json().catch(() => ({}));
  if (answer.ok) return body;
  throw new PreparationError(
    `The server at ${server} refuses: ${body.detail ?? `status ${answer.status}`}`,
  );
}

async function moveData(action, file) {
  const config = await loadSettings();
  if (config === null) return;
  const dataDir = resolve(config.dataDir);
  const { BackupError, restoreBackup, writeBackup } = load('storage');
  try {
    if (action === 'backup') writeBackup(dataDir, file);
    else await restoreBackup(file, dataDir);
  } catch (error) {
    if (error instanceof BackupError)
      throw new PreparationError(`acefleet ${action}: ${error.message}.`);
    throw new PreparationError(`acefleet ${action} failed: ${error.message}`);
  }
  print(
    action === 'backup'
      ? `The data of ${dataDir} are in ${file}.`
      : `The data of ${file} are in ${dataDir}.`,
  );
}

/** Null if they are invalid; the reason is printed then. */
async function loadSettings() {
  // A server may be running from this build, so it is used unchanged, stale or not.
  if (!existsSync(join(ROOT, 'dist', 'storage', 'backup.js')))
    await prepare('acefleet', ['product']);
  const { ConfigError, loadProcessConfig } = load('config');
  try {
    return loadProcessConfig().config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = EXIT_CONFIG;
    return null;
  }
}

function load(module) {
  return createRequire(import.meta.url)(`../dist/${module}/index.js`);
}

function readKeptKey(path) {
  const key = readKeyFile(path);
  if (KEY_FORM.test(key)) return key;
  throw new PreparationError(`The key at ${path} is damaged: the next start restores it.`);
}

function readKeyFile(path) {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    const isMissing = error.code === 'ENOENT';
    throw new PreparationError(
      isMissing
        ? `There is no key at ${path} yet: it is made at the first start.`
        : `The key at ${path} cannot be read (${error.code}).`,
    );
  }
}

function print(line) {
  process.stdout.write(`${line}\n`);
}
