import { randomBytes } from 'node:crypto';
import type { OnModuleDestroy } from '@nestjs/common';
import { BrowserSessionStore, type DataFolder, type StoredBrowserSession } from '../../storage';
import type { ApiKeys, PresentedApiKey } from '../api-keys/api-keys';

const HOUR_MS = 3_600_000;

/** A session ends after this time without a request or an open event stream. */
export const IDLE_LIMIT_MS = 12 * HOUR_MS;

/** A session ends after this time, however much it is used. */
export const AGE_LIMIT_MS = 30 * 24 * HOUR_MS;

/** Sessions of one key, or of all links of one key. When another browser signs in, the one that was used longest ago ends. */
export const MAX_SESSIONS_EACH = 20;

/** The last use is written in steps of this length, so that requests cause few writes to the disk. */
const SEEN_WRITE_MS = 10 * 60_000;

const SECRET_BYTES = 32;
const ID_BYTES = 8;
const MAX_USER_AGENT_LENGTH = 256;

export type BrowserSession = Omit<StoredBrowserSession, 'digest'>;

/** Who signs in. */
export type NewSession = Pick<BrowserSession, 'origin' | 'keyId' | 'address' | 'userAgent'>;

type Keys = Pick<ApiKeys, 'withId' | 'bindToMainKey'>;

/**
 * Sessions of browsers. A session may do what the key may do that the browser signed in with, or that the one-time link
 * was created with, and ends with that key. Digests are bound to the main key, so a new main key ends all sessions.
 */
export class BrowserSessions implements OnModuleDestroy {
  private readonly byDigest: Map<string, StoredBrowserSession>;
  private readonly digests: Map<string, string>;
  private readonly writtenSeenAtMs = new Map<string, number>();

  private constructor(
    private readonly store: BrowserSessionStore,
    private readonly keys: Keys,
    stored: readonly StoredBrowserSession[],
    private readonly nowMs: () => number,
  ) {
    this.byDigest = new Map(stored.map((session) => [session.digest, session]));
    this.digests = new Map(stored.map(({ id, digest }) => [id, digest]));
  }

  /** @throws DatabaseError */
  static async open(
    folder: DataFolder,
    keys: Keys,
    nowMs: () => number = Date.now,
  ): Promise<BrowserSessions> {
    const store = new BrowserSessionStore(folder);
    return new BrowserSessions(store, keys, await store.list(), nowMs);
  }

  async onModuleDestroy(): Promise<void> {
    await this.store.close();
  }

  /** Begins a session. @returns it, and the secret for the cookie, which cannot be shown again */
  create(facts: NewSession): { session: BrowserSession; secret: string } {
    this.removeEnded();
    const same = this.list().filter(
      (one) => one.origin === facts.origin && one.keyId === facts.keyId,
    );
    for (const { id } of same.slice(MAX_SESSIONS_EACH - 1)) this.forget(id);
    const secret = randomBytes(SECRET_BYTES).toString('base64url');
    const session: StoredBrowserSession = {
      ...facts,
      userAgent: facts.userAgent.slice(0, MAX_USER_AGENT_LENGTH),
      id: randomBytes(ID_BYTES).toString('hex'),
      digest: this.keys.bindToMainKey(secret),
      createdAtMs: this.nowMs(),
      lastSeenAtMs: this.nowMs(),
    };
    this.digests.set(session.id, session.digest);
    this.byDigest.set(session.digest, session);
    this.write(session);
    return { session, secret };
  }

  /** What a request with this secret in its cookie may do; null if there is no such session. Notes the use. */
  find(secret: string): PresentedApiKey | null {
    const session = this.byDigest.get(this.keys.bindToMainKey(secret));
    return session === undefined ? null : this.use(session);
  }

  /** True as long as a request that was admitted with a key or a session would be admitted again. Notes the use. */
  isStillAdmitted({ id, sessionId }: PresentedApiKey): boolean {
    if (sessionId === null) return this.keys.withId(id)?.isExpired === false;
    const session = this.get(sessionId);
    return session !== null && this.use(session) !== null;
  }

  /** Present sessions, the one that was used last first. */
  list(): BrowserSession[] {
    this.removeEnded();
    return [...this.byDigest.values()].sort((a, b) => b.lastSeenAtMs - a.lastSeenAtMs);
  }

  /** The key that the session stands for; null if that key was removed or has expired. */
  keyOf({ id, origin, keyId }: BrowserSession): PresentedApiKey | null {
    const key = this.keys.withId(keyId);
    if (key === null || key.isExpired) return null;
    return { ...key, name: origin === 'link' ? 'link' : key.name, sessionId: id };
  }

  /**
   * Ends a session at once. Resolves when that is on the disk; false if there is no such session.
   *
   * @throws AppError `storage_full` or `storage_failed`: the session may be back after a restart
   */
  async end(id: string): Promise<boolean> {
    if (this.get(id) === null) return false;
    this.drop(id);
    await this.store.remove(id);
    return true;
  }

  get(id: string): StoredBrowserSession | null {
    return this.byDigest.get(this.digests.get(id) ?? '') ?? null;
  }

  private use(session: StoredBrowserSession): PresentedApiKey | null {
    const key = this.keyOf(session);
    if (key === null || this.isOver(session)) {
      this.forget(session.id);
      return null;
    }
    const lastSeenAtMs = this.nowMs();
    const seen = { ...session, lastSeenAtMs };
    this.byDigest.set(session.digest, seen);
    const writtenAtMs = this.writtenSeenAtMs.get(session.id) ?? 0;
    if (lastSeenAtMs - writtenAtMs >= SEEN_WRITE_MS) this.write(seen);
    return key;
  }

  private isOver({ createdAtMs, lastSeenAtMs }: BrowserSession): boolean {
    const nowMs = this.nowMs();
    return nowMs - lastSeenAtMs >= IDLE_LIMIT_MS || nowMs - createdAtMs >= AGE_LIMIT_MS;
  }

  private removeEnded(): void {
    for (const session of [...this.byDigest.values()]) {
      if (this.keyOf(session) === null || this.isOver(session)) this.forget(session.id);
    }
  }

  private forget(id: string): void {
    this.drop(id);
    this.store.removeSoon(id);
  }

  private drop(id: string): void {
    this.byDigest.delete(this.digests.get(id) ?? '');
    this.digests.delete(id);
    this.writtenSeenAtMs.delete(id);
  }

  private write(session: StoredBrowserSession): void {
    this.writtenSeenAtMs.set(session.id, session.lastSeenAtMs);
    this.store.putSoon(session);
  }
}
