import { randomBytes } from 'node:crypto';
import { chmod } from 'node:fs/promises';
import type { DataFolder } from '../../storage';

const KEY_FILE = 'api-key';
const KEY_BYTES = 32;

/** 1 to 256 visible ASCII characters: a valid header value, as for `API_KEY`. */
const KEY_FORM = /^[\x21-\x7e]{1,256}$/;

/** The file of the key exists but cannot be used. The message is a line for the operator. */
export class ApiKeyFileError extends Error {
  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(`the API key in ${path} cannot be used: ${reason}`, options);
    this.name = 'ApiKeyFileError';
  }
}

/**
 * Returns the key from the data folder. If there is none, generates one and writes it with mode 0600, so that
 * removing the file creates a new key.
 *
 * @throws ApiKeyFileError if the file cannot be read or a new one cannot be written
 */
export async function obtainApiKey(folder: DataFolder): Promise<string> {
  const path = folder.pathOf(KEY_FILE);
  const file = folder.file({
    name: KEY_FILE,
    parse: parseKey,
    ifLost:
      'there is no usable copy, so a new key is generated (node bin/acefleet.mjs key shows it)',
    isMadeAnewWhenMissing: true,
  });
  try {
    const key = await file.obtain(() => `${randomBytes(KEY_BYTES).toString('base64url')}\n`);
    // A file that was copied or restored may have a wider mode. Some file systems do not support modes.
    await chmod(path, 0o600).catch(() => undefined);
    return key;
  } catch (error) {
    throw new ApiKeyFileError(path, describe(error), { cause: error });
  }
}

/** Error messages must not contain the text, which may be most of a key. */
function parseKey(text: string): string {
  const key = text.trim();
  if (!KEY_FORM.test(key)) throw new Error('it does not contain 1 to 256 visible ASCII characters');
  return key;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
