import { randomBytes } from 'node:crypto';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { obtainKeptText } from '../coordination';

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
  const key = await obtainKeptText(path, () => randomBytes(KEY_BYTES).toString('base64url')).catch(
    (error: unknown) => {
      throw new ApiKeyFileError(path, describe(error), { cause: error });
    },
  );
  if (!KEY_FORM.test(key)) {
    throw new ApiKeyFileError(path, 'it does not hold 1 to 256 visible ASCII characters');
  }
  // A key that was copied or restored with wider rights is narrowed again, where the file system has rights at all.
  await chmod(path, 0o600).catch(() => undefined);
  return key;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
