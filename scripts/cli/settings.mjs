// The settings of this installation, and the code of the product, for commands that need them.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { prepare, ROOT } from '../lib/prepare.mjs';
import { CommandFailure, EXIT } from './failure.mjs';

const KEY_FORM = /^[\x21-\x7e]{1,256}$/;

/** @throws CommandFailure if they are invalid */
export async function loadSettings() {
  // A server may be running from this build, so it is used unchanged, stale or not.
  if (!existsSync(join(ROOT, 'dist', 'storage', 'backup.js')))
    await prepare('acefleet', ['product']);
  const { ConfigError, loadProcessConfig } = loadCode('config');
  try {
    return loadProcessConfig().config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new CommandFailure(error.message, EXIT.config);
  }
}

/** Code of the built product, by its path in src. */
export function loadCode(path) {
  return createRequire(import.meta.url)(`../../dist/${path}`);
}

/** The main key: from the settings, or the one that the server generated and keeps in its data folder. */
export function mainKey({ apiKey, dataDir }) {
  if (apiKey !== null) return apiKey;
  const path = resolve(dataDir, 'api-key');
  const key = readKeyFile(path);
  if (KEY_FORM.test(key)) return key;
  throw new CommandFailure(`The key at ${path} is damaged: the next start restores it.`);
}

function readKeyFile(path) {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw new CommandFailure(
      error.code === 'ENOENT'
        ? `There is no key at ${path} yet: it is made at the first start.`
        : `The key at ${path} cannot be read (${error.code}).`,
    );
  }
}
