import { randomBytes } from 'node:crypto';
import { chmod } from 'node:fs/promises';
import type { DataFolder } from '../storage';

const KEY_FILE = 'api-key';
const KEY_BYTES = 32;

/** 1 to 256 visible ASCII characters: a valid header value, as for `API_KEY`. */
const KEY_FORM = /^[\x21-\x7e]{1,256}$/;

/** The key's file exists but cannot be used; the message is a line for the operator. */
export class ApiKeyFileError extends Error {
  constructor(path: string, reason: string, options?: ErrorOptions) {
    super(`the API key in ${path} cannot be used: ${reason}`, options);
    this.name = 'ApiKeyFileError';
  }
}

/**
 * Returns the key from the data folder, or generates one and writes it with mode 0600. Removing the file creates a
 * new key.
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
    // Restricts the mode of a key file that was copied or restored with wider rights, if the file system supports
    // modes.
    await chmod(path, 0o600).catch(() => undefined);
    return key;
  } catch (error) {
    throw new ApiKeyFileError(path, describe(error), { cause: error });
  }
}

/** The message must not repeat the text, which may be most of a key. */
function parseKey(text: string): string {
  const key = text.trim();
  if (!KEY_FORM.test(key)) throw new Error('it does not contain 1 to 256 visible ASCII characters');
  return key;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
