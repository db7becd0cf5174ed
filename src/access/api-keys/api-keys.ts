import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type OnModuleDestroy } from '@nestjs/common';
import { AppError } from '../../kernel/errors';
import { SerialQueue } from '../../kernel/serial-queue';
import { ApiKeyStore, type DataFolder, type StoredApiKey } from '../../storage';
import type { ApiKeyScope } from './api-key-scope';

/** A shorter key could be guessed from many addresses at once, despite the limit on wrong keys. */
const MIN_SAFE_LENGTH = 16;

/** Longer candidates are refused without being hashed. */
const MAX_CANDIDATE_BYTES = 256;

/** Programs that search files and logs for leaked secrets recognise a key by this prefix. */
const SECRET_PREFIX = 'acefleet_';
const SECRET_BYTES = 32;
const ID_BYTES = 8;

export const MAX_KEYS = 100;

/** The last use is remembered in steps of this length, so that requests cause few writes to the disk. */
const LAST_USED_STEP_MS = 10 * 60_000;

/** A key that was created with the API. */
export type ApiKey = Omit<StoredApiKey, 'digest'>;

/** What the owner of a key decides about it. */
export type ApiKeyTerms = Pick<ApiKey, 'name' | 'scope' | 'expiresAtMs'>;

/** The key of a request, or the key that the browser signed in with. `id` is null for the main key. */
export interface PresentedApiKey {
  readonly id: string | null;
  /** The browser's session; null if the request has the key itself. */
  readonly sessionId: string | null;
  readonly name: string;
  readonly scope: ApiKeyScope;
  readonly isExpired: boolean;
}

const MAIN_KEY: PresentedApiKey = {
  id: null,
  sessionId: null,
  name: 'main key',
  scope: 'admin',
  isExpired: false,
};

/**
 * The keys of the admin API: the main key, which is API_KEY or the file `api-key`, and the keys that were created with
 * the API. Only digests are kept here and in the database, so that neither can leak a key.
 */
export class ApiKeys implements OnModuleDestroy {
  /** True for a main key of fewer than 16 characters. */
  readonly isMainKeyShort: boolean;
  private readonly mainDigest: Buffer;
  private readonly byId: Map<string, StoredApiKey>;
  private readonly byDigest: Map<string, StoredApiKey>;
  /** Each change is on the disk before it takes effect. */
  private readonly changes = new SerialQueue();

  private constructor(
    mainKey: string,
    private readonly store: ApiKeyStore,
    stored: readonly StoredApiKey[],
    private readonly nowMs: () => number,
  ) {
    this.isMainKeyShort = mainKey.length < MIN_SAFE_LENGTH;
    this.mainDigest = sha256(mainKey);
    this.byId = new Map(stored.map((key) => [key.id, key]));
    this.byDigest = new Map(stored.map((key) => [key.digest, key]));
  }

  /** @throws DatabaseError */
  static async open(
    mainKey: string,
    folder: DataFolder,
    nowMs: () => number = Date.now,
  ): Promise<ApiKeys> {
    const store = new ApiKeyStore(folder);
    return new ApiKeys(mainKey, store, await store.list(), nowMs);
  }

  /** Writes the last uses. */
  async onModuleDestroy(): Promise<void> {
    await this.store.close();
  }

  /**
   * Finds the key with this secret; null if there is none. The work is the same for every candidate: it is hashed, and
   * only its digest is compared or looked up, so the time tells nothing about the characters of a key.
   */
  find(candidate: string): PresentedApiKey | null {
    if (Buffer.byteLength(candidate) > MAX_CANDIDATE_BYTES) return null;
    const digest = sha256(candidate);
    const isMain = timingSafeEqual(digest, this.mainDigest);
    const stored = this.byDigest.get(digest.toString('hex'));
    if (isMain) return MAIN_KEY;
    return stored === undefined ? null : this.presented(stored);
  }

  /** The key with this id, expired or not; null if there is none. The id of the main key is null. */
  withId(id: string | null): PresentedApiKey | null {
    if (id === null) return MAIN_KEY;
    const stored = this.byId.get(id);
    return stored === undefined ? null : this.presented(stored);
  }

  /** A digest of `secret` that is another one when the main key is another one. */
  bindToMainKey(secret: string): string {
    return createHmac('sha256', this.mainDigest).update(secret, 'utf8').digest('hex');
  }

  /** Remembers that the key was used just now. */
  noteUse(id: string): void {
    const key = this.byId.get(id);
    const nowMs = this.nowMs();
    if (key === undefined || nowMs - (key.lastUsedAtMs ?? 0) < LAST_USED_STEP_MS) return;
    this.keep({ ...key, lastUsedAtMs: nowMs });
    this.store.noteUse(id, nowMs);
  }

  /** The keys that were created with the API, oldest first. */
  list(): ApiKey[] {
    return [...this.byId.values()].sort((a, b) => a.createdAtMs - b.createdAtMs);
  }

  /**
   * Creates a key. Resolves when it is on disk.
   *
   * @returns the key and its secret, which cannot be shown again
   * @throws AppError `conflict` if there are too many; `storage_full` or `storage_failed`
   */
  create(terms: ApiKeyTerms): Promise<{ key: ApiKey; secret: string }> {
    return this.changes.run(async () => {
      if (this.byId.size >= MAX_KEYS) {
        throw new AppError('conflict', `There are already ${MAX_KEYS} keys, which is the limit.`);
      }
      const secret = `${SECRET_PREFIX}${randomBytes(SECRET_BYTES).toString('base64url')}`;
      const key: StoredApiKey = {
        ...terms,
        id: randomBytes(ID_BYTES).toString('hex'),
        digest: sha256(secret).toString('hex'),
        createdAtMs: this.nowMs(),
        lastUsedAtMs: null,
      };
      await this.store.put(key);
      this.keep(key);
      return { key, secret };
    });
  }

  /** Changes the given terms of a key; null if there is no such key. @throws like `create` */
  update(id: string, terms: Partial<ApiKeyTerms>): Promise<ApiKey | null> {
    return this.changes.run(async () => {
      const key = this.byId.get(id);
      if (key === undefined) return null;
      await this.store.put({ ...key, ...terms });
      // The key may have been used meanwhile.
      const changed = { ...(this.byId.get(id) ?? key), ...terms };
      this.keep(changed);
      return changed;
    });
  }

  /** Removes a key, which is refused from then on. False if there is no such key. @throws like `create` */
  remove(id: string): Promise<boolean> {
    return this.changes.run(async () => {
      const key = this.byId.get(id);
      if (key === undefined) return false;
      await this.store.remove(id);
      this.byId.delete(id);
      return this.byDigest.delete(key.digest);
    });
  }

  isExpired({ expiresAtMs }: Pick<ApiKey, 'expiresAtMs'>): boolean {
    return expiresAtMs !== null && this.nowMs() >= expiresAtMs;
  }

  private presented(stored: StoredApiKey): PresentedApiKey {
    const { id, name, scope } = stored;
    return { id, sessionId: null, name, scope, isExpired: this.isExpired(stored) };
  }

  private keep(key: StoredApiKey): void {
    this.byId.set(key.id, key);
    this.byDigest.set(key.digest, key);
  }
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text, 'utf8').digest();
}
