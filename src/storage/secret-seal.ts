import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { chmod } from 'node:fs/promises';
import { AsyncMemo } from '../kernel/async-memo';
import { AppError } from '../kernel/errors';
import type { AtomicFile, AtomicFileOptions } from './atomic-file';

const KEY_FILE = 'user-key';
const KEY_FORM = /^[\w-]{43}$/;
const KEY_BYTES = 32;
const CIPHER = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

interface Folder {
  file(options: AtomicFileOptions<Buffer>): AtomicFile<Buffer>;
  pathOf(name: string): string;
}

/**
 * Encrypts secrets, so that the database and its copies contain none of them in plain text. The key is in a file beside
 * the database, which is generated when the first secret is stored.
 */
export class SecretSeal {
  private readonly key: AsyncMemo<Buffer>;

  constructor(folder: Folder) {
    const file = folder.file({
      name: KEY_FILE,
      parse: parseKey,
      ifLost:
        'there is no usable copy, so links of users can be shown only after a rotation, and secret settings must be set again',
      isMadeAnewWhenMissing: true,
    });
    this.key = new AsyncMemo(async () => {
      const key = await file.obtain(() => `${randomBytes(KEY_BYTES).toString('base64url')}\n`);
      // A file that was copied or restored may have a wider mode. Some file systems do not support modes.
      await chmod(folder.pathOf(KEY_FILE), 0o600).catch(() => undefined);
      return key;
    });
  }

  /**
   * @param owner id of what the secret belongs to; it cannot be opened for another one
   * @throws AppError `storage_failed` if there is no key and none can be made
   */
  async seal(secret: string, owner: string): Promise<string> {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(CIPHER, await this.usableKey(), iv);
    cipher.setAAD(Buffer.from(owner));
    const text = Buffer.concat([cipher.update(secret, 'utf8'), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64url');
  }

  /** Null if it was encrypted with another key, for another owner, or is damaged. @throws as `seal` */
  async open(sealed: string, owner: string): Promise<string | null> {
    const key = await this.usableKey();
    const bytes = Buffer.from(sealed, 'base64url');
    try {
      const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, IV_BYTES));
      decipher.setAAD(Buffer.from(owner));
      decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      const text = decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES));
      return Buffer.concat([text, decipher.final()]).toString('utf8');
    } catch {
      return null;
    }
  }

  private async usableKey(): Promise<Buffer> {
    try {
      return await this.key.get();
    } catch (error) {
      const detail = `The key in ${KEY_FILE} cannot be used; nothing was changed.`;
      throw new AppError('storage_failed', detail, { cause: error });
    }
  }
}

/** Error messages must not contain the text, which may be most of a key. */
function parseKey(text: string): Buffer {
  const key = text.trim();
  if (!KEY_FORM.test(key)) throw new Error('it does not contain a key of 43 characters');
  return Buffer.from(key, 'base64url');
}
