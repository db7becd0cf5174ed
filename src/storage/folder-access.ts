import { constants, readFileSync } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { DataFolderError } from './data-folder-error';
import { errnoOf, makeFolder } from './file-writes';

/**
 * Creates the folder if there is none, and checks that this process may use it. A full or read-only disk is no error here.
 *
 * @throws DataFolderError with the command that mends it
 */
export async function checkAccess(path: string): Promise<void> {
  try {
    await makeFolder(path);
    if (!(await stat(path)).isDirectory())
      throw new DataFolderError(`DATA_DIR ${path} is no folder`);
    await access(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    if (error instanceof DataFolderError) throw error;
    const code = errnoOf(error);
    if (code === 'EACCES' || code === 'EPERM') {
      throw new DataFolderError(describeMissingRights(path, readMounts()), { cause: error });
    }
  }
}

/**
 * @param mounts text of /proc/self/mountinfo; empty where there is none
 * @returns one line for the operator
 */
export function describeMissingRights(path: string, mounts: string): string {
  const [user, group] = [process.getuid?.() ?? 'USER', process.getgid?.() ?? 'GROUP'];
  const folder = resolve(path);
  const onHost = hostFolderOf(folder, mounts);
  const where = onHost === null ? '' : ' on the host';
  return (
    `DATA_DIR ${folder} cannot be used by user ${user} (access denied); ` +
    `run${where}: sudo chown -R ${user}:${group} ${quoted(onHost ?? folder)}`
  );
}

/** Returns the folder of the host that is mounted at exactly this path of a container; null if there is none. */
function hostFolderOf(folder: string, mounts: string): string | null {
  for (const line of mounts.split('\n')) {
    const [, , , root, mountPoint] = line.split(' ').map(unescaped);
    if (mountPoint === folder && root !== undefined && root !== '/') return root;
  }
  return null;
}

/** The kernel writes blanks and some other characters as octal numbers. */
function unescaped(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(parseInt(digits, 8)),
  );
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}

function readMounts(): string {
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8');
  } catch {
    return '';
  }
}
