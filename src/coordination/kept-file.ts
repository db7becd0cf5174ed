import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rename, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * A short text that is made once and kept: what the file holds, or what `make` gives and the file holds from
 * now on (mode 0600). Written under another name first and linked into place: a reader never sees half of it,
 * and of two processes that start at once on the same folder the second takes the first one's.
 *
 * @throws what the file system says
 */
export async function obtainKeptText(path: string, make: () => string): Promise<string> {
  const kept = await readKept(path);
  if (kept !== null) return kept;
  await makeFolder(dirname(path));
  const text = make();
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(`${text}\n`);
    await file.sync();
    await file.close();
    await link(draft, path);
    return text;
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
    const winner = await readKept(path);
    if (winner === null) throw error;
    return winner;
  } finally {
    await file.close().catch(() => undefined);
    await unlink(draft).catch(() => undefined);
  }
}

/**
 * Makes `text` what the file holds (mode 0600): written under another name, brought to the disk, and renamed, so that a
 * crash leaves the old text or the new one. One call at a time for a file.
 *
 * @throws what the file system says; the old text stays
 */
export async function replaceKeptText(path: string, text: string): Promise<void> {
  await makeFolder(dirname(path));
  const draft = `${path}.new`;
  const file = await open(draft, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}

/**
 * Folder by folder, ours alone to read. Node's own recursive way never comes back where a folder is there but takes no
 * other, as below /proc [seen with Node 20.20].
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return;
    const parent = dirname(path);
    if (!isErrno(error, 'ENOENT') || parent === path) throw error;
    await makeFolder(parent);
    // Somebody else who starts now may have been quicker.
    await mkdir(path, { mode: 0o700 }).catch((late: unknown) => {
      if (!isErrno(late, 'EEXIST')) throw late;
    });
  }
}

async function readKept(path: string): Promise<string | null> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return null;
    throw error;
  }
}

function isErrno(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
