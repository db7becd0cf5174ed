import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { monotonicMs } from '../../kernel/clock';

/** A link works for this time. */
export const LINK_LIFETIME_MS = 10 * 60_000;

/** Links that are valid at once; a further one makes the oldest invalid. */
export const MAX_LINKS = 20;

const TOKEN_BYTES = 32;

/** Tokens of links that sign a browser in once. They are kept in memory only, as digests. */
@Injectable()
export class SignInLinks {
  /** Monotonic time of creation by digest, oldest first. */
  private readonly links = new Map<string, number>();
  private now: () => number = monotonicMs;

  /** With another clock, for tests. */
  static withClock(now: () => number): SignInLinks {
    return Object.assign(new SignInLinks(), { now });
  }

  /** The path of a new link, below the address of this server. The token is in the fragment, which no server sees. */
  create(): string {
    const token = randomBytes(TOKEN_BYTES).toString('base64url');
    for (const oldest of [...this.links.keys()].slice(0, -(MAX_LINKS - 1))) {
      this.links.delete(oldest);
    }
    this.links.set(digestOf(token), this.now());
    return `/login#token=${token}`;
  }

  /** True for the token of a valid link, which is no longer valid afterwards. */
  redeem(token: string): boolean {
    const digest = digestOf(token);
    const createdMs = this.links.get(digest);
    this.links.delete(digest);
    return createdMs !== undefined && this.now() - createdMs < LINK_LIFETIME_MS;
  }
}

function digestOf(token: string): string {
  return createHash('sha256').update(token, 'utf8').digest('hex');
}
