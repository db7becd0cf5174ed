import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { monotonicMs } from '../../kernel/clock';

/** A link works for this time. */
export const LINK_LIFETIME_MS = 10 * 60_000;

/** Links that are valid at once; a further one makes the oldest invalid. */
export const MAX_LINKS = 20;

const TOKEN_BYTES = 32;

interface Link {
  /** Of the key that the link was created with; null for the main key. */
  readonly keyId: string | null;
  /** Monotonic. */
  readonly createdMs: number;
}

/** Tokens of links that sign a browser in once. They are kept in memory only, as digests. */
@Injectable()
export class SignInLinks {
  /** By digest, oldest first. */
  private readonly links = new Map<string, Link>();
  private now: () => number = monotonicMs;

  /** With another clock, for tests. */
  static withClock(now: () => number): SignInLinks {
    return Object.assign(new SignInLinks(), { now });
  }

  /**
   * The path of a new link, below the address of this server. The token is in the fragment, which no server sees.
   *
   * @param keyId key with which the link is created, so that the session ends with it; null for the main key
   */
  create(keyId: string | null): string {
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    for (const oldest of [...this.links.keys()].slice(0, -(MAX_LINKS - 1))) {
      this.links.delete(oldest);
    }
    this.links.set(digestOf(token), { keyId, createdMs: this.now() });
    return `/login#token=${token}`;
  }

  /** What the token of a valid link stands for, which is no longer valid afterwards; null for every other token. */
  redeem(token: string): Pick<Link, 'keyId'> | null {
    const digest = digestOf(token);
    const link = this.links.get(digest);
    this.links.delete(digest);
    return link !== undefined && this.now() - link.createdMs < LINK_LIFETIME_MS ? link : null;
  }
}

function digestOf(token: string): string {
  return createHash('sha256').update(token, 'utf8').digest('hex');
}
