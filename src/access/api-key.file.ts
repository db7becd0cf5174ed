import { randomBytes } from 'node:crypto';
import { chmod, link, mkdir, open, readFile, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const KEY_FILE = 'api-key';
const KEY_BYTES = 32;

/** 1 to 256 visible ASCII characters: what fits into a header and what `API_KEY` allows. */
const KEY_FORM = /^[\x21-\x7e]{1,256}$/;

/** The key's file is there but cannot be used; the message is a line for the operator. */
export class ApiKeyFileError extends Error {
  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(`the API key in ${path} cannot be used: ${reason}`, options);
    this.name = 'ApiKeyFileError';
  }
}

/**
 * The key that is kept in the data folder: read when it is there, else made and written with mode 0600.
 *
 * @throws ApiKeyFileError when the folder cannot be written or the file does not hold a key
 */
export async function obtainApiKey(dataDir: string): Promise<string> {
  const path = join(dataDir, KEY_FILE);
  try {
    return (await readKey(path)) ?? (await createKey(dataDir, path));
  } catch (error) {
    if (error instanceof ApiKeyFileError) throw error;
    throw new ApiKeyFileError(path, describe(error), { cause: error });
  }
}

async function readKey(path: string): Promise<string | null> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return null;
    throw error;
  });
  if (text === null) return null;
  const key = text.trim();
  if (!KEY_FORM.test(key)) {
    throw new ApiKeyFileError(path, 'it does not hold 1 to 256 visible ASCII characters');
  }
  // A key that was copied or restored with wider rights is narrowed again, where the file system has rights at all.
  await chmod(path, 0o600).catch(() => undefined);
  return key;
}

/**
 * Written under another name first and linked into place: a reader never sees half a key, and of two processes that start at
 * once on the same folder the second takes the first one's key.
 */
async function createKey(dataDir: string, path: string): Promise<string> {
  await makeFolder(dataDir);
  const key = randomBytes(KEY_BYTES).toString('base64url');
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  const file = await open(draft, 'wx', 0o600);
  try {
    await file.writeFile(`${key}\n`);
    await file.sync();
    await file.close();
    await link(draft, path);
    return key;
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
    const winner = await readKey(path);
    if (winner === null) throw error;
    return winner;
  } finally {
    await file.close().catch(() => undefined);
    await unlink(draft).catch(() => undefined);
  }
}

/**
 * Folder by folder, ours alone to read. Node's own recursive way never comes back where a folder is there but takes no
 * other, as below /proc [seen with Node 20.20].
 */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (isErrno(error, 'EEXIST')) return;
    const parent = dirname(path);
    if (!isErrno(error, 'ENOENT') || parent === path) throw error;
    await makeFolder(parent);
    await mkdir(path, { mode: 0o700 });
  }
}

function isErrno(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
