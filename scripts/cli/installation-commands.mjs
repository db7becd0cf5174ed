// Commands on this installation itself. The server need not run.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { becomeProgram } from '../lib/launch.mjs';
import { prepare, PreparationError, ROOT } from '../lib/prepare.mjs';
import { CommandFailure } from './failure.mjs';
import { loadCode, loadSettings, mainKey } from './settings.mjs';

export const INSTALLATION_COMMANDS = {
  start: {
    summary: 'run the server (the same as npm start)',
    async run() {
      const [entry] = await prepare('acefleet start', ['product', 'simulator']);
      return becomeProgram(entry, []);
    },
  },
  key: {
    summary: 'print the key of the admin API',
    async run({ print }) {
      print(mainKey(await loadSettings()));
    },
  },
  backup: {
    parameters: ['FILE'],
    summary: 'write all data of this installation to a new file; the server may run',
    run: ({ args: [file], print }) => moveData('backup', resolve(file), print),
  },
  restore: {
    parameters: ['FILE'],
    summary: 'create the data folder from such a file; it must have no data yet',
    run: ({ args: [file], print }) => moveData('restore', resolve(file), print),
  },
};

export function productVersion() {
  return JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version;
}

async function moveData(action, file, print) {
  const dataDir = resolve((await loadSettings()).dataDir);
  const { BackupError, restoreBackup, writeBackup } = loadCode('storage');
  try {
    if (action === 'backup') writeBackup(dataDir, file);
    else await restoreBackup(file, dataDir);
  } catch (error) {
    if (error instanceof PreparationError) throw error;
    throw new CommandFailure(
      error instanceof BackupError ? `${error.message}.` : `failed: ${error.message}`,
    );
  }
  print(
    action === 'backup'
      ? `The data of ${dataDir} are in ${file}.`
      : `The data of ${file} are in ${dataDir}.`,
  );
}
