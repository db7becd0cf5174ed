import { randomUUID, timingSafeEqual } from 'node:crypto';
import type { OnModuleDestroy } from '@nestjs/common';
import { NetworkList } from '../http';
import { AppError } from '../kernel/errors';
import { SerialQueue } from '../kernel/serial-queue';
import {
  type DataFolder,
  type SecretSeal,
  type StoredStreamUser,
  StreamUserStore,
} from '../storage';
import type { StreamUser } from './stream-user';
import { newSecret, secretHash } from './stream-secret';

const MAX_USERS = 10_000;
/** The time of the last request is on the disk at most this much too early. */
const SEEN_WRITE_MS = 60_000;
/** The wall clock may jump, so the next expiry is looked for at least this often. */
const EXPIRY_CHECK_MS = 60_000;

/** What an administrator decides about a user. */
export type UserFacts = Pick<
  StreamUser,
  'name' | 'isEnabled' | 'expiresAtMs' | 'maxStreams' | 'cidrs' | 'profile'
>;

interface Entry {
  user: StreamUser;
  networks: NetworkList;
  secretHash: string;
  sealedSecret: string;
  /** The `lastSeenAtMs` that was written last. */
  writtenSeenAtMs: number;
}

/** All users of streams. They are in memory; a change takes effect when it is on the disk. */
export class StreamUsers implements OnModuleDestroy {
  private readonly byId = new Map<string, Entry>();
  private readonly bySecret = new Map<string, Entry>();
  private readonly revocationListeners: (() => void)[] = [];
  private readonly changes = new SerialQueue();
  private expiryTimer: NodeJS.Timeout | null = null;
  private hasProfile: (name: string) => boolean = () => true;

  private constructor(
    private readonly store: StreamUserStore,
    private readonly secrets: SecretSeal,
    stored: readonly StoredStreamUser[],
    private readonly now: () => number,
  ) {
    for (const user of stored) this.keep(entryOf(user));
    this.watchExpiry();
  }

  /** @throws DatabaseError */
  static async open(folder: DataFolder, now: () => number = Date.now): Promise<StreamUsers> {
    const store = new StreamUserStore(folder);
    return new StreamUsers(store, folder.secrets, await store.list(), now);
  }

  async onModuleDestroy(): Promise<void> {
    if (this.expiryTimer !== null) clearTimeout(this.expiryTimer);
    await this.store.close();
  }

  /** In the order in which they were created. */
  list(): StreamUser[] {
    return Array.from(this.byId.values(), ({ user }) => user);
  }

  get(id: string): StreamUser | null {
    return this.byId.get(id)?.user ?? null;
  }

  /** The user with this secret, also if the user is disabled or expired. */
  withSecret(secret: string): StreamUser | null {
    return this.bySecret.get(secretHash(secret))?.user ?? null;
  }

  /** The user with this name and this secret, also if the user is disabled or expired. */
  withCredentials(name: string, secret: string): StreamUser | null {
    const user = this.withSecret(secret);
    const isNamed = timingSafeEqual(
      Buffer.from(secretHash(name)),
      Buffer.from(secretHash(user?.name ?? '')),
    );
    return isNamed ? user : null;
  }

  /** Why the user may not watch from this address now, as a sentence; null if the user may. */
  refusalOf(user: StreamUser, ip: string): string | null {
    const entry = this.byId.get(user.id);
    if (entry?.user !== user) return 'The token in the address is no longer valid.';
    if (!user.isEnabled) return 'This user is disabled.';
    if (user.expiresAtMs !== null && user.expiresAtMs <= this.now())
      return 'This user has expired.';
    const isNear = user.cidrs.length === 0 || entry.networks.includes(ip);
    return isNear ? null : 'This user may not come from this address.';
  }

  /** Calls `listener` whenever a user may have lost the right to watch, at once or by the passing of time. */
  onRevocation(listener: () => void): void {
    this.revocationListeners.push(listener);
  }

  /** From now on, a user can only get a profile for which `has` is true. */
  checkProfiles(has: (name: string) => boolean): void {
    this.hasProfile = has;
  }

  /** Notes an admitted request. */
  seen(user: StreamUser): void {
    const entry = this.byId.get(user.id);
    if (entry?.user !== user) return;
    const nowMs = this.now();
    Object.assign(user, { lastSeenAtMs: nowMs });
    if (nowMs - entry.writtenSeenAtMs < SEEN_WRITE_MS) return;
    entry.writtenSeenAtMs = nowMs;
    this.store.setLastSeen(user.id, nowMs);
  }

  /**
   * Resolves when the user is on the disk.
   *
   * @throws AppError `conflict` if the name is taken or there are too many users; `invalid_request` for an unknown
   *   profile; `storage_full` or `storage_failed`, in which case nothing has changed
   */
  create(facts: UserFacts): Promise<StreamUser> {
    return this.changes.run(async () => {
      if (this.byId.size >= MAX_USERS) {
        throw new AppError('conflict', `There are already ${MAX_USERS} users, which is the limit.`);
      }
      this.checkFree(facts.name, null);
      this.checkProfile(facts);
      const id = randomUUID();
      const user = { ...facts, id, createdAtMs: this.now(), lastSeenAtMs: null };
      return this.write(user, await this.newSecret(id));
    });
  }

  /** @throws as `create`; null if there is no such user */
  change(id: string, facts: Partial<UserFacts>): Promise<StreamUser | null> {
    return this.changes.run(async () => {
      const entry = this.byId.get(id);
      if (entry === undefined) return null;
      const changed = { ...entry.user, ...facts };
      this.checkFree(changed.name, id);
      this.checkProfile(facts);
      await this.store.put(toStored(changed, entry));
      Object.assign(entry.user, facts);
      entry.networks = new NetworkList(entry.user.cidrs);
      this.changed();
      return entry.user;
    });
  }

  /** Gives the user a new secret. The old one is no longer valid. @throws as `create`; null if there is no such user */
  rotate(id: string): Promise<StreamUser | null> {
    return this.changes.run(async () => {
      const entry = this.byId.get(id);
      if (entry === undefined) return null;
      return this.write({ ...entry.user }, await this.newSecret(id));
    });
  }

  /** False if there is no such user. @throws as `create` */
  remove(id: string): Promise<boolean> {
    return this.changes.run(async () => {
      const entry = this.byId.get(id);
      if (entry === undefined) return false;
      await this.store.remove(id);
      this.drop(entry);
      this.changed();
      return true;
    });
  }

  /** @throws AppError `conflict` if the secret cannot be decrypted; `storage_failed`; null if there is no such user */
  async secretOf(id: string): Promise<string | null> {
    const entry = this.byId.get(id);
    if (entry === undefined) return null;
    const secret = await this.secrets.open(entry.sealedSecret, id);
    if (secret !== null) return secret;
    throw new AppError(
      'conflict',
      'The secret was encrypted with another user-key in DATA_DIR. It stays valid; rotate it to see new links.',
    );
  }

  private async newSecret(id: string): Promise<Pick<Entry, 'secretHash' | 'sealedSecret'>> {
    const secret = newSecret();
    return { secretHash: secretHash(secret), sealedSecret: await this.secrets.seal(secret, id) };
  }

  /** A user with a secret that no other user object has. */
  private async write(
    user: StreamUser,
    secret: Pick<Entry, 'secretHash' | 'sealedSecret'>,
  ): Promise<StreamUser> {
    const stored = toStored(user, secret);
    await this.store.put(stored);
    const former = this.byId.get(user.id);
    if (former !== undefined) this.bySecret.delete(former.secretHash);
    this.keep(entryOf(stored));
    this.changed();
    return this.byId.get(user.id)?.user ?? user;
  }

  private keep(entry: Entry): void {
    this.byId.set(entry.user.id, entry);
    this.bySecret.set(entry.secretHash, entry);
  }

  private drop(entry: Entry): void {
    this.byId.delete(entry.user.id);
    this.bySecret.delete(entry.secretHash);
  }

  private checkFree(name: string, id: string | null): void {
    const lower = name.toLowerCase();
    const owner = this.list().find((user) => user.name.toLowerCase() === lower);
    if (owner === undefined || owner.id === id) return;
    throw new AppError('conflict', `There is already a user "${owner.name}".`);
  }

  private checkProfile({ profile = null }: Partial<UserFacts>): void {
    if (profile === null || this.hasProfile(profile)) return;
    throw new AppError('invalid_request', `There is no profile "${profile}".`);
  }

  private changed(): void {
    for (const listener of this.revocationListeners) listener();
    this.watchExpiry();
  }

  private watchExpiry(): void {
    if (this.expiryTimer !== null) clearTimeout(this.expiryTimer);
    this.expiryTimer = null;
    const nowMs = this.now();
    const times = this.list().map(({ expiresAtMs }) => expiresAtMs ?? 0);
    const next = Math.min(...times.filter((ms) => ms > nowMs));
    if (next === Infinity) return;
    const delayMs = Math.min(next - nowMs, EXPIRY_CHECK_MS);
    this.expiryTimer = setTimeout(() => this.changed(), delayMs).unref();
  }
}

function entryOf({ secretHash, sealedSecret, ...user }: StoredStreamUser): Entry {
  return {
    user,
    networks: new NetworkList(user.cidrs),
    secretHash,
    sealedSecret,
    writtenSeenAtMs: user.lastSeenAtMs ?? 0,
  };
}

function toStored(
  user: StreamUser,
  { secretHash, sealedSecret }: Pick<Entry, 'secretHash' | 'sealedSecret'>,
): StoredStreamUser {
  return { ...user, secretHash, sealedSecret };
}
