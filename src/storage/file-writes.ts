import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const RANDOM_NAME_BYTES = 6;

/** Names of drafts that killed processes may have left: first those of this release, then those of earlier releases. */
const DRAFT_FORMS = [
  /^[a-z-]+(?:\.(?:json|db))?(?:\.bak)?\.[0-9a-f]{12}\.tmp$/,
  /^(?:api-key|instance)\.[0-9a-f]{12}$/,
  /^(?:channels|channel-sources|content-aliases|open-sessions)\.json\.new$/,
];

/** Only younger drafts can belong to another process that is still writing. */
const OLD_DRAFT_MS = 3_600_000;

/**
 * Writes `text` to a file of another name in the same folder (mode 0600) and flushes it to the disk.
 *
 * @returns the path of the draft
 * @throws the error of the file system; then there is no draft
 */
export async function writeDraft(path: string, text: string): Promise<string> {
  await makeFolder(dirname(path));
  const draft = `${path}.${randomName()}.tmp`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
    await file.close();
    return draft;
  } catch (error) {
    await file.close().catch(() => undefined);
    await unlink(draft).catch(() => undefined);
    throw error;
  }
}

/**
 * Replaces the text of the file. A crash or a power loss leaves the old text or the new one.
 *
 * @throws the error of the file system; the old text stays
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const draft = await writeDraft(path, text);
  try {
    await renameOver(draft, path);
  } catch (error) {
    await unlink(draft).catch(() => undefined);
    throw error;
  }
  await syncFolder(dirname(path));
}

/**
 * Renames the draft to the file's name. Docker creates a folder of that name if the file that it should mount is
 * missing; such a folder is set aside.
 */
async function renameOver(draft: string, path: string): Promise<void> {
  try {
    await rename(draft, path);
  } catch (error) {
    if (errnoOf(error) !== 'EISDIR') throw error;
    await setAside(path, `${path}.damaged`);
    await rename(draft, path);
  }
}

/**
 * Creates a file that must not exist yet. If two processes do so at once, one succeeds.
 *
 * @returns false if the file exists already
 * @throws the error of the file system
 */
export async function createFile(path: string, text: string): Promise<boolean> {
  const draft = await writeDraft(path, text);
  try {
    await link(draft, path);
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(draft).catch(() => undefined);
  }
  await syncFolder(dirname(path));
  return true;
}

/**
 * Gives a file a second name, which replaces a file of that name. Where hard links are not possible, as for a folder,
 * it is renamed instead. If a folder has the second name already, a random suffix is added, because no folder with
 * content is ever removed.
 *
 * @returns the second name
 * @throws the error of the file system
 */
export async function setAside(path: string, newPath: string): Promise<string> {
  await unlink(newPath).catch(() => undefined);
  for (const name of [newPath, `${newPath}.${randomName()}`]) {
    try {
      await link(path, name).catch(() => rename(path, name));
      return name;
    } catch (error) {
      if (name !== newPath) throw error;
    }
  }
  return newPath;
}

/**
 * Removes drafts that killed processes have left in a folder.
 *
 * @param isOurs false if other processes may be writing there; only old drafts are removed then
 */
export async function removeDrafts(folder: string, isOurs: boolean): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((one) => DRAFT_FORMS.some((form) => form.test(one)))) {
    const path = join(folder, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Infinity }));
    const isOld = Date.now() - mtimeMs > OLD_DRAFT_MS;
    if (isOurs || isOld) await unlink(path).catch(() => undefined);
  }
}

/**
 * Creates a folder and its missing parents, with access for the owner only. Node's recursive option is not used,
 * because it never returns if the parent exists but accepts no folders, as below /proc (seen with Node 20.20).
 */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return;
    const parent = dirname(path);
    if (errnoOf(error) !== 'ENOENT' || parent === path) throw error;
    await makeFolder(parent);
    // Another process that is starting may have created it first.
    await mkdir(path, { mode: 0o700 }).catch((late: unknown) => {
      if (errnoOf(late) !== 'EEXIST') throw late;
    });
  }
}

export function randomName(): string {
  return randomBytes(RANDOM_NAME_BYTES).toString('hex');
}

/** The code of a system error, such as `ENOSPC`; null for any other error. */
export function errnoOf(error: unknown): string | null {
  const { code, errno } = (error ?? {}) as NodeJS.ErrnoException;
  return typeof code === 'string' && typeof errno === 'number' ? code : null;
}

/**
 * Flushes the folder. Without this a power loss may undo the rename. Windows and some network shares do not support
 * it.
 */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r').catch(() => null);
  if (folder === null) return;
  await folder.sync().catch(() => undefined);
  await folder.close().catch(() => undefined);
}
