import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const LOCK = 'package-lock.json';
/** npm's record of a finished installation: the lock's entries of the installed packages. */
const INSTALLED = join('node_modules', '.package-lock.json');
/** The hash of the lock from which node_modules was last installed. */
const STAMP = join('node_modules', '.acefleet-lock');

/**
 * Compares node_modules with package-lock.json. An installation that a user made with npm is as good as our own; an
 * interrupted one counts as missing.
 * @param {string} root @param {boolean} withDev false: development dependencies may be missing
 * @returns {'missing' | 'stale' | 'current'}
 */
export function installState(root, withDev) {
  if (!existsSync(join(root, INSTALLED))) return 'missing';
  const lock = readText(join(root, LOCK));
  if (lock === null || readText(join(root, STAMP)) === hash(lock)) return 'current';
  return isInstalled(parse(lock), parse(readText(join(root, INSTALLED))), withDev)
    ? 'current'
    : 'stale';
}

/** Call after an installation from the current lock. @param {string} root */
export function rememberInstall(root) {
  const lock = readText(join(root, LOCK));
  if (lock !== null) writeFileSync(join(root, STAMP), hash(lock));
}

/** Call before an installation: until it succeeds, node_modules belongs to no lock. @param {string} root */
export function forgetInstall(root) {
  rmSync(join(root, STAMP), { force: true });
}

/** Packages that are installed on every machine, and how many of them are present. @param {string} root */
export function countInstalled(root) {
  const packages = Object.entries(parse(readText(join(root, LOCK)))).filter(
    ([path, { optional, devOptional }]) => path !== '' && !optional && !devOptional,
  );
  const isThere = ([path]) => existsSync(join(root, path, 'package.json'));
  return { total: packages.length, installed: packages.filter(isThere).length };
}

function isInstalled(wanted, installed, withDev) {
  const isProduction = !withDev && !Object.values(installed).some(({ dev }) => dev);
  const isSame = ([path, { version, integrity }]) =>
    wanted[path]?.version === version && wanted[path].integrity === integrity;
  const mayMiss = ({ optional, devOptional, dev }) =>
    optional || devOptional || (isProduction && dev);
  return (
    Object.entries(installed).every(isSame) &&
    Object.entries(wanted).every(
      ([path, entry]) => path === '' || path in installed || mayMiss(entry),
    )
  );
}

/** The `packages` of a lock; empty if it cannot be read. */
function parse(text) {
  try {
    return JSON.parse(text ?? '').packages ?? {};
  } catch {
    return {};
  }
}

function readText(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** Line ends differ between checkouts on Windows and other systems. */
function hash(text) {
  return createHash('sha256').update(text.replaceAll('\r\n', '\n')).digest('hex');
}
